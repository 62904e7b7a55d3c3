import type { Address } from "viem";

import { listAccountGrants } from "@compute-credits/api/allowances/grants";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { PageOptions } from "../http/pages.ts";

/** A page of grants with their use, in micro-credits. */
export type Grants = AnswerBody<typeof listAccountGrants>;

/**
 * Reads a page of the grants out of all campaigns of an account, oldest first. For its owner, its
 * view keys, operators and auditors.
 */
export async function readGrants(
  api: Api,
  { account, ...query }: { readonly account: Address } & PageOptions,
  options?: CallOptions,
): Promise<Grants> {
  return await api.call(listAccountGrants, { params: { address: account }, query }, options);
}
