import { hash } from "node:crypto";

import type { Request } from "express";
import type { Hex } from "viem";

import { apiKeySpender } from "@compute-credits/protocol/messages/spender";

/** About 300 bytes each, however long the key is. */
const MAX_CACHED = 50_000;

/** By the key's SHA-256, so that keys themselves are not kept in memory. */
const hashes = new Map<string, Hex>();

/** The key's Keccak-256, which takes longer than the rest of admitting a request. */
export function cachedKeyHash(key: string): Hex {
  const digest = hash("sha256", key, "base64");
  const cached = hashes.get(digest);
  if (cached !== undefined) return cached;
  if (hashes.size > MAX_CACHED) hashes.clear();
  const computed = apiKeySpender(key);
  hashes.set(digest, computed);
  return computed;
}

const ofRequests = new WeakMap<Request, Hex>();

/** The same for the key that a request carries: limits, turns and routes each ask for it. */
export function requestKeyHash(req: Request, key: string): Hex {
  const known = ofRequests.get(req);
  if (known !== undefined) return known;
  const computed = cachedKeyHash(key);
  ofRequests.set(req, computed);
  return computed;
}
