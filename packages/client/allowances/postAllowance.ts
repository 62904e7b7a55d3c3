import { addAllowance } from "@compute-credits/api/allowances/allowances";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { SignedAllowance } from "../wallet/signedAllowance.ts";

/** An allowance with its use, in micro-credits. */
export type StoredAllowance = AnswerBody<typeof addAllowance>;

/**
 * Stores an allowance that its owner signed; the same answer if it is sent again. With the spender's
 * API key it counts at once; otherwise once the spender accepts the account. Never sends the
 * credentials of `api`: a provider's key, say, is not the spender's.
 */
export async function postAllowance(
  api: Api,
  {
    apiKey,
    allowance,
    scope,
    signature,
  }: SignedAllowance & { readonly apiKey?: string | undefined },
  options?: CallOptions,
): Promise<StoredAllowance> {
  const body = { allowance, scope, signature };
  if (apiKey === undefined) {
    return await api.call(addAllowance, { body }, { ...options, credentials: "omit" });
  }
  return await api.as({ key: apiKey }).call(addAllowance, { body }, options);
}
