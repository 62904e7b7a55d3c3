import type { Address } from "viem";

import { addViewKey as route } from "@compute-credits/api/keys/viewKeys";
import type { AnswerBody } from "@compute-credits/api/route";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import type { Api, CallOptions } from "../http/api.ts";
import { createViewKey } from "../wallet/apiKey.ts";
import type { Signing } from "../wallet/signing.ts";
import { signViewKey } from "../wallet/viewKey.ts";

/** A registered view key, with the only copy of its text: the server has its hash. */
export type AddedViewKey = AnswerBody<typeof route> & { readonly key: string };

export interface ViewKeyOptions {
  readonly account: Address;
  /** seconds since 1970, at most 366 days ahead */
  readonly expiresAt: bigint;
  /** at most 64 characters, for lists; only with a session */
  readonly label?: string;
  /** a new one, if absent; name it to repeat a request */
  readonly key?: string;
  /** signs, if `api` has no session of the owner */
  readonly by?: Signing;
}

/**
 * Registers a key that reads an account and changes nothing. For the account's owner: with its
 * session as the credentials of `api`, or with its wallet as `by`.
 */
export async function addViewKey(
  api: Api,
  { account, expiresAt, label, key = createViewKey(), by }: ViewKeyOptions,
  options?: CallOptions,
): Promise<AddedViewKey> {
  if (by === undefined) {
    const body = { account, expiresAt, label, keyHash: apiKeySpender(key) };
    return { ...(await api.call(route, { body }, options)), key };
  }
  const signed = await signViewKey(by.wallet, by.deployment, { key, expiresAt });
  const body = { ...signed, label };
  return { ...(await api.call(route, { body }, { ...options, credentials: "omit" })), key };
}
