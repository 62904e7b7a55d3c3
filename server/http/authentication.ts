import type { Request } from "express";
import type { Address } from "viem";

import { type KeyKind, mayBe } from "@compute-credits/protocol/messages/keyKind";
import { type SpenderId, apiKeySpender } from "@compute-credits/protocol/messages/spender";
import type { Caller, ProviderStore } from "../stores/providers/providerStore.ts";
import { StaleAccessError } from "../stores/usage/staleAccess.ts";
import { requestKeyHash } from "./keyHash.ts";
import { ProblemError, fail } from "./problem.ts";

/**
 * The key in `Authorization: Bearer …`, of any kind; `null` without one. The scheme's case does not
 * matter (RFC 9110).
 */
export function sentKey(req: Request): string | null {
  const [, key] = /^bearer +([!-~]{1,256})$/i.exec(req.get("authorization") ?? "") ?? [];
  return key ?? null;
}

/**
 * The key in `Authorization: Bearer …`. Throws a 401 without one, and a 403 if its prefix names
 * another kind: somebody who is shown a key of one kind cannot use it as another.
 */
export function bearerKey(req: Request, kind: KeyKind): string {
  const key = sentKey(req);
  if (key === null) {
    throw fail(
      401,
      "missing_credentials",
      "Send your key in a header: Authorization: Bearer <key>.",
    );
  }
  return checkKind(key, kind);
}

/** The spender that a key in a body is of. Throws a 403 if its prefix names another kind. */
export function spenderOfKey(apiKey: string): SpenderId {
  return apiKeySpender(checkKind(apiKey, "spender"));
}

function checkKind(key: string, kind: KeyKind): string {
  if (mayBe(key, kind)) return key;
  throw wrongKeyKind(kind);
}

export function wrongKeyKind(needed: KeyKind): ProblemError {
  const detail = `This takes ${NEEDED[needed]}, and the key is of another kind.`;
  return fail(403, "wrong_key_kind", detail, { needed });
}

const NEEDED: Readonly<Record<KeyKind, string>> = {
  spender: "a spender's API key (cck_…)",
  provider: "a provider's key (ccpk_…)",
  issuing: "the owner's wallet (CampaignAccess) or an issuing key (ccik_…)",
  view: "a view key (ccvk_…)",
  session: "the token of a session (ccs_…)",
};

/**
 * The provider whose key the request carries. Throws a 401 if no provider registered it, and a 403
 * if no operator approved the provider.
 */
export async function authenticatedProvider(
  req: Request,
  providers: Pick<ProviderStore, "callerOfKey">,
): Promise<Address> {
  const caller = await providers.callerOfKey(apiKeySpender(bearerKey(req, "provider")));
  if (caller === null) throw unknownKey();
  return checkApproved(caller);
}

function checkApproved({ provider, isApproved }: Caller): Address {
  if (isApproved) return provider;
  throw notApproved(provider);
}

export function notApproved(provider: Address): ProblemError {
  return fail(
    403,
    "provider_not_approved",
    `No operator of this server has approved the provider ${provider}. Ask an operator to sign ` +
      "ProviderApproval for it and post that to /v1/provider-approvals.",
  );
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
  const keyHash = requestKeyHash(req, bearerKey(req, "provider"));
  let caller = providers.cachedCaller(keyHash);
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- each try needs the caller first
    caller ??= await providers.callerOfKey(keyHash);
    if (caller === null) throw unknownKey();
    try {
      checkApproved(caller);
      // oxlint-disable-next-line no-await-in-loop -- a second try only if the first was stale
      return await work(caller);
    } catch (error) {
      if (error instanceof StaleAccessError) {
        caller = null;
        continue;
      }
      // What was refused before the database was asked must tell a revoked key nothing.
      if (error instanceof ProblemError && (await providers.callerOfKey(keyHash)) === null) {
        throw unknownKey();
      }
      throw error;
    }
  }
}

export function unknownKey(): ProblemError {
  return fail(
    401,
    "unknown_key",
    "No provider has registered this key. " +
      "Post its hash, signed by the provider's wallet, to /v1/provider-keys.",
  );
}
