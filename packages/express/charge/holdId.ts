import { keccak256, stringToBytes } from "viem";

import { type Caller, spenderOf } from "./caller.ts";

/** A request that failed is tried again under the same key this often at most. */
export const MOST_ATTEMPTS = 5;

/**
 * The id of a request's hold. The same caller, path and key name the same hold in every process, so
 * the ledger itself lets only one of them work. Failed attempts leave their holds behind as ended,
 * and the next attempt takes the next id.
 */
export function holdIdOf(
  caller: Caller,
  { key, path }: { readonly key: string; readonly path: string },
  attempt: number,
): string {
  // No part can contain the separator: an id is hex, a path and a header have no line breaks.
  const text = [spenderOf(caller), path, key].join("\n");
  return `req-${keccak256(stringToBytes(text)).slice(2, 42)}-${attempt}`;
}

/** The id of a hold of a request without a key: never the same twice. */
export function newHoldId(): string {
  return `req-${crypto.randomUUID().replaceAll("-", "")}-0`;
}
