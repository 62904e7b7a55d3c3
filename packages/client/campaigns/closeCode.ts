import type { Hex } from "viem";

import { closeCode as route } from "@compute-credits/api/allowances/promotionCodes";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** A code that is redeemed no more. */
export type ClosedCode = AnswerBody<typeof route>;

/**
 * Closes a code, named by `promotionCodeHash(code)`, for good. The grants that it gave stay. For an
 * issuing key, or with `signCampaignAccess` as the credentials of `api`.
 */
export async function closeCode(
  api: Api,
  { campaign, codeHash }: { readonly campaign: Hex; readonly codeHash: Hex },
  options?: CallOptions,
): Promise<ClosedCode> {
  return await api.call(route, { params: { id: campaign, codeHash } }, options);
}
