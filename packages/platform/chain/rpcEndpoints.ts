import { type PublicClient, createPublicClient, http } from "viem";

import { ReorgBeyondConfirmations } from "@compute-credits/rules/chain/reorgBeyondConfirmations";
import type { BlockPoint } from "./blockPoint.ts";
import type { Confirmations } from "./chainSource.ts";

/** JSON-RPC requests per HTTP request, within the limits of public endpoints. */
const BATCH_SIZE = 50;

/** A failed endpoint pauses for `min`; the pause doubles with each further failure, up to `max`. */
const PAUSE_MS = { min: 1_000, max: 60_000 };

/** An RPC endpoint with its recent failures. */
export interface Endpoint {
  readonly client: PublicClient;
  failures: number;
  /** milliseconds since 1970 */
  pausedUntil: number;
}

/** The newest block of an endpoint, and its newest confirmed one. */
export interface Tip {
  readonly endpoint: Endpoint;
  readonly head: bigint;
  readonly confirmed: bigint;
}

export function createEndpoints(
  rpcUrls: readonly string[],
  timeoutMs: number,
): readonly Endpoint[] {
  return rpcUrls.map((url) => ({
    client: createPublicClient({
      transport: http(url, { timeout: timeoutMs, retryCount: 1, batch: { batchSize: BATCH_SIZE } }),
      // viem caches the head block, which would hide new blocks from a server that polls often.
      cacheTime: 0,
    }),
    failures: 0,
    pausedUntil: 0,
  }));
}

/** The endpoints that are not paused, or all of them if every one is. */
export function activeEndpoints(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const now = Date.now();
  const active = endpoints.filter(({ pausedUntil }) => pausedUntil <= now);
  return active.length > 0 ? active : endpoints;
}

export function recordSuccess(endpoint: Endpoint): void {
  endpoint.failures = 0;
  endpoint.pausedUntil = 0;
}

export function recordFailure(endpoint: Endpoint): void {
  const pauseMs = Math.min(PAUSE_MS.min * 2 ** endpoint.failures, PAUSE_MS.max);
  endpoint.pausedUntil = Date.now() + pauseMs;
  endpoint.failures += 1;
}

/** Reads the tip of each endpoint. Rejects if none of them answers. */
export async function readTips(
  endpoints: readonly Endpoint[],
  confirmations: Confirmations,
): Promise<readonly Tip[]> {
  const answers = await Promise.allSettled(
    endpoints.map(async (endpoint): Promise<Tip> => {
      const [head, confirmed] = await Promise.all([
        endpoint.client.getBlockNumber(),
        typeof confirmations === "bigint"
          ? null
          : endpoint.client.getBlock({ blockTag: confirmations }).then(({ number }) => number),
      ]);
      return {
        endpoint,
        head,
        confirmed: confirmed ?? head - (typeof confirmations === "bigint" ? confirmations : 0n),
      };
    }),
  );
  const tips: Tip[] = [];
  const errors: unknown[] = [];
  for (const [index, answer] of answers.entries()) {
    if (answer.status === "fulfilled") {
      tips.push(answer.value);
    } else {
      errors.push(answer.reason);
      const endpoint = endpoints[index];
      if (endpoint !== undefined) recordFailure(endpoint);
    }
  }
  if (tips.length === 0) throw combinedError(errors);
  return tips;
}

/**
 * Combines the errors of all endpoints into one. It is a reorg only if every endpoint reports it:
 * an endpoint that failed for another reason might still have our blocks.
 */
export function combinedError(errors: readonly unknown[]): Error {
  const reorg = errors.find((error) => error instanceof ReorgBeyondConfirmations);
  if (reorg !== undefined && errors.every((error) => error instanceof ReorgBeyondConfirmations)) {
    return reorg;
  }
  const [only] = errors;
  if (errors.length === 1 && only instanceof Error) return only;
  return new AggregateError(errors, "no endpoint gives a usable answer");
}

/** Whether any endpoint, paused or not, has the block in its chain. */
export async function isKnownToAny(
  endpoints: readonly Endpoint[],
  { number, hash }: BlockPoint,
): Promise<boolean> {
  const blocks = await Promise.allSettled(
    endpoints.map(({ client }) => client.getBlock({ blockNumber: number })),
  );
  return blocks.some((block) => block.status === "fulfilled" && block.value.hash === hash);
}

/** Asks the candidates in order and returns the first answer. Rejects with the last error. */
export async function firstAnswer<T, Result>(
  candidates: readonly T[],
  ask: (candidate: T) => Promise<Result>,
): Promise<Result> {
  let last: unknown;
  for (const candidate of candidates) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- asks the next one only if this one fails
      return await ask(candidate);
    } catch (error) {
      last = error;
    }
  }
  throw last;
}
