import { grantProviderAccess } from "@compute-credits/api/providers/providerAccess";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { Sent } from "../http/sent.ts";

/**
 * Shows the server that a spender chose this provider: with the API key that it handed over, or with
 * its wallet's signature of `ProviderAccess`. Needs a provider's key.
 */
export async function claimAccess(
  api: Api,
  shown: Sent<typeof grantProviderAccess>["body"],
  options?: CallOptions,
): Promise<AnswerBody<typeof grantProviderAccess>> {
  return await api.call(grantProviderAccess, { body: shown }, options);
}
