import type { Address } from "viem";
import { z } from "zod";

import { Bytes32Field } from "@compute-credits/protocol/json/fields";
import type { Deployment } from "@compute-credits/protocol/messages/domain";

/** A transaction that left this browser. Nothing of it is secret: the chain shows all of it. */
const Sent = z.object({
  hash: Bytes32Field,
  /** whether it only approves a payment that comes next */
  isApproval: z.boolean(),
  /** the sender's number for it, once the chain's node knew it */
  nonce: z.int().nullable(),
  /** milliseconds since 1970 */
  at: z.int(),
});

export type Sent = z.output<typeof Sent>;

/** Later nobody waits for it any more. */
const KEPT_MS = 7 * 86_400_000;

/** Keeps one open transaction of each kind over a reload. */
export function sentStore(deployment: Deployment, account: Address, what: string) {
  const key = ["sent", deployment.chainId, deployment.contract, account, what].join(" ");
  return {
    read(): Sent | null {
      const text = localStorage.getItem(key);
      if (text === null) return null;
      const sent = Sent.safeParse(parsed(text)).data;
      return sent !== undefined && Date.now() - sent.at < KEPT_MS ? sent : null;
    },
    keep: (sent: Sent): void => localStorage.setItem(key, JSON.stringify(sent)),
    forget: (): void => localStorage.removeItem(key),
  };
}

export type SentStore = ReturnType<typeof sentStore>;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
