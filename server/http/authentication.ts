import { hash } from "node:crypto";

import type { Request } from "express";
import type { Address, Hex } from "viem";

import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { StaleAccessError } from "../stores/usage/staleAccess.ts";
import type { Caller } from "../stores/providers/providerStore.ts";
import type { Context } from "../context.ts";
import { type ProblemError, fail } from "./problem.ts";

/** The key that the request carries (`Authorization: Bearer …`), whosever it is. */
export function bearerKey(req: Request): string {
  const [, key] = /^Bearer (\S{1,256})$/.exec(req.get("authorization") ?? "") ?? [];
  if (key === undefined) {
    throw fail(401, "missing_credentials", "Send the key with it: Authorization: Bearer <key>.");
  }
  return key;
}

/**
 * Does the work of the provider whose key the request carries, by what is remembered of the key; where that may have changed,
 * again by what the database says.
 */
export async function asCaller<T>(
  req: Request,
  { providers }: Pick<Context, "providers">,
  work: (caller: Caller) => Promise<T>,
): Promise<T> {
  const keyHash = hashOf(bearerKey(req));
  let caller = providers.cachedCaller(keyHash);
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    caller ??= await providers.callerOfKey(keyHash);
    if (caller === null) throw unknownKey();
    try {
      // oxlint-disable-next-line no-await-in-loop -- and one try
      return await work(caller);
    } catch (error) {
      if (!(error instanceof StaleAccessError)) throw error;
      caller = null;
    }
  }
}

/** The provider whose key the request carries (`Authorization: Bearer …`). Only the key's hash is known here. */
export async function authenticatedProvider(
  req: Request,
  { providers }: Pick<Context, "providers">,
): Promise<Address> {
  const provider = await providers.providerOfKey(apiKeySpender(bearerKey(req)));
  if (provider === null) {
    throw unknownKey();
  }
  return provider;
}

/** A key's hash takes longer than all else that is done to let a request in. Keys themselves are not kept. */
function hashOf(key: string): Hex {
  const digest = hash("sha256", key, "base64");
  const known = hashes.get(digest);
  if (known !== undefined) return known;
  if (hashes.size > MOST_HASHES) hashes.clear();
  const found = apiKeySpender(key);
  hashes.set(digest, found);
  return found;
}

const hashes = new Map<string, Hex>();

/** About 300 bytes each. */
const MOST_HASHES = 50_000;

function unknownKey(): ProblemError {
  return fail(
    401,
    "unknown_key",
    "No provider has registered this key: post its hash, signed by the provider's wallet, to /v1/provider-keys.",
  );
}

export function notTheIssuer(): ProblemError {
  return fail(
    403,
    "not_the_issuer",
    "This is not the key that the allowance names as its spender: only its holder issues grants out of it.",
  );
}
