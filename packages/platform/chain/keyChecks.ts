import { createHash } from "node:crypto";
import { Worker } from "node:worker_threads";

import { type Address, type Hex, size } from "viem";

import { rememberAnswers } from "./boundedCalls.ts";

/** Thrown in place of a check if as many checks wait as may. */
export class TooManySignatureChecks extends Error {
  override readonly name = "TooManySignatureChecks";
}

/** Checks whether the signer's own key made the signature, and not whether its wallet accepts it. */
export type KeyCheck = (signer: Address, digest: Hex, signature: Hex) => Promise<boolean>;

export interface KeyQuestion {
  readonly id: number;
  readonly signer: Address;
  readonly digest: Hex;
  readonly signature: Hex;
}

export interface KeyAnswer {
  readonly id: number;
  readonly isValid: boolean;
}

/** Recovering a key takes milliseconds, so these are about a second. */
const MOST_WAITING = 500;

/** What a key signed stays signed, so an answer is good for ever. */
const REMEMBERED = { most: 10_000, lifeMs: Number.POSITIVE_INFINITY };

const KEY_SIGNATURE_BYTES = 65;

/**
 * Creates a check that recovers keys in a thread of its own, one after the other: strangers choose
 * how many signatures a server checks, and debits must not wait for them. Repeated questions are
 * answered from memory. The thread starts with the first question and keeps no process alive.
 */
export function createKeyChecks(mostWaiting = MOST_WAITING): KeyCheck {
  const waiting = new Map<number, PromiseWithResolvers<boolean>>();
  const remembered = rememberAnswers<boolean>((call) => call(), REMEMBERED);
  let thread: Worker | null = null;
  let count = 0;

  function start(): Worker {
    const started = new Worker(new URL("./keyCheckThread.ts", import.meta.url));
    started.on("message", ({ id, isValid }: KeyAnswer) => {
      waiting.get(id)?.resolve(isValid);
      waiting.delete(id);
      if (waiting.size === 0) started.unref();
    });
    started.on("error", (cause) => {
      thread = null;
      for (const { reject } of waiting.values()) {
        reject(new Error("the thread that checks signatures failed", { cause }));
      }
      waiting.clear();
    });
    return started;
  }

  async function ask(signer: Address, digest: Hex, signature: Hex): Promise<boolean> {
    if (waiting.size >= mostWaiting) {
      throw new TooManySignatureChecks(`${mostWaiting} signatures wait for their check`);
    }
    thread ??= start();
    const id = count++;
    const answer = Promise.withResolvers<boolean>();
    waiting.set(id, answer);
    thread.ref();
    // oxlint-disable-next-line require-post-message-target-origin -- threads have no origin
    thread.postMessage({ id, signer, digest, signature } satisfies KeyQuestion);
    return await answer.promise;
  }

  return async (signer, digest, signature) => {
    if (size(signature) !== KEY_SIGNATURE_BYTES) return false;
    return await remembered(fingerprint(signer, digest, signature), () =>
      ask(signer, digest, signature),
    );
  };
}

/** A short key for what may be long: a wallet's signature has any length. */
export function fingerprint(...parts: readonly string[]): string {
  return createHash("sha256").update(parts.join(" ")).digest("base64");
}

/** The check that all servers of a process share. */
export const checkKeyInThread: KeyCheck = createKeyChecks();
