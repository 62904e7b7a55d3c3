import type { Hex } from "viem";

import { getAllowance } from "@compute-credits/api/allowances/allowances";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** An allowance or a grant with its use, in micro-credits. */
export type AllowanceInUse = AnswerBody<typeof getAllowance>;

/**
 * Reads one allowance or grant. For the account's owner, its view keys, its spender, its issuer,
 * operators and auditors.
 */
export async function readAllowance(
  api: Api,
  { id }: { readonly id: Hex },
  options?: CallOptions,
): Promise<AllowanceInUse> {
  return await api.call(getAllowance, { params: { id } }, options);
}
