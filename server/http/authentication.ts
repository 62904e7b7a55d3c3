import type { Request } from "express";
import type { Address } from "viem";

import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import type { Caller, ProviderStore } from "../stores/providers/providerStore.ts";
import { StaleAccessError } from "../stores/usage/staleAccess.ts";
import { cachedKeyHash } from "./keyHash.ts";
import { type ProblemError, fail } from "./problem.ts";

/** The key in `Authorization: Bearer …`, of a provider or an issuer. Throws a 401 without one. */
export function bearerKey(req: Request): string {
  const [, key] = /^Bearer (\S{1,256})$/.exec(req.get("authorization") ?? "") ?? [];
  if (key === undefined) {
    throw fail(
      401,
      "missing_credentials",
      "Send your key in a header: Authorization: Bearer <key>.",
    );
  }
  return key;
}

/** The provider whose key the request carries. Throws a 401 if no provider registered it. */
export async function authenticatedProvider(
  req: Request,
  providers: Pick<ProviderStore, "providerOfKey">,
): Promise<Address> {
  const provider = await providers.providerOfKey(apiKeySpender(bearerKey(req)));
  if (provider === null) throw unknownKey();
  return provider;
}

/**
 * Works for the provider whose key the request carries. The first try trusts the cache, which saves
 * a query per request; if access changed since, `work` throws `StaleAccessError` without effect,
 * and runs again with what the database says.
 */
export async function asCaller<T>(
  req: Request,
  providers: Pick<ProviderStore, "cachedCaller" | "callerOfKey">,
  work: (caller: Caller) => Promise<T>,
): Promise<T> {
  const keyHash = cachedKeyHash(bearerKey(req));
  let caller = providers.cachedCaller(keyHash);
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- each try needs the caller first
    caller ??= await providers.callerOfKey(keyHash);
    if (caller === null) throw unknownKey();
    try {
      // oxlint-disable-next-line no-await-in-loop -- a second try only if the first was stale
      return await work(caller);
    } catch (error) {
      if (!(error instanceof StaleAccessError)) throw error;
      caller = null;
    }
  }
}

function unknownKey(): ProblemError {
  return fail(
    401,
    "unknown_key",
    "No provider has registered this key. " +
      "Post its hash, signed by the provider's wallet, to /v1/provider-keys.",
  );
}
