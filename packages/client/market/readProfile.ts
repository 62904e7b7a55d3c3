import type { Address } from "viem";

import { getProfile } from "@compute-credits/api/market/profiles";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** Reads what a provider says of itself. For anyone. */
export async function readProfile(
  api: Api,
  { provider }: { readonly provider: Address },
  options?: CallOptions,
): Promise<AnswerBody<typeof getProfile>> {
  return await api.call(getProfile, { params: { provider } }, options);
}
