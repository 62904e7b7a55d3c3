import type { Request } from "express";
import type { Address } from "viem";

import { sentKey } from "../../http/authentication.ts";
import { cachedKeyHash } from "../../http/keyHash.ts";
import { fail } from "../../http/problem.ts";
import type { AllowanceStore } from "../../stores/allowances/allowanceStore.ts";
import type { ProviderStore } from "../../stores/providers/providerStore.ts";
import { type LogAccessDeps, checkLogAccess } from "../log/logAuthentication.ts";

export interface ReaderAccessDeps extends LogAccessDeps {
  readonly providers: Pick<ProviderStore, "cachedCaller" | "callerOfKey">;
  readonly allowances: Pick<AllowanceStore, "isPaidSpender">;
}

/**
 * Throws unless the request comes from a known reader, because reads of the log are work. `owner`
 * is the account or the provider whose log is read; `null` for reads of all.
 */
export type ReaderCheck = (req: Request, owner: Address | null) => Promise<void>;

/**
 * Known readers are providers and spenders, by their keys, and by a signed `LogAccess` the owner of
 * what is read, the contract's signers and the operator's auditors.
 */
export function createReaderCheck({
  providers,
  allowances,
  chain,
  auditors,
}: ReaderAccessDeps): ReaderCheck {
  return async (req, owner) => {
    if (req.get("authorization") === undefined) {
      throw fail(
        401,
        "missing_credentials",
        "Send a spender's or a provider's key in a header: Authorization: Bearer <key>. " +
          "An owner without a key signs LogAccess.",
      );
    }
    const key = sentKey(req);
    if (key === null) {
      await checkLogAccess(req, {
        chain,
        auditors: owner === null ? auditors : [...auditors, owner],
      });
      return;
    }
    const hash = cachedKeyHash(key);
    const provider = providers.cachedCaller(hash) ?? (await providers.callerOfKey(hash));
    if (provider !== null || (await allowances.isPaidSpender(hash))) return;
    throw fail(
      401,
      "unknown_key",
      "The key is neither a provider's nor that of a spender of an account with credits.",
    );
  };
}
