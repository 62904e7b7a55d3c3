import type { Address } from "viem";

import { listActs } from "@compute-credits/api/acts/acts";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { PageOptions } from "../http/pages.ts";

/** A page of administrative acts, newest first. */
export type Acts = AnswerBody<typeof listActs>;

/** Which acts: of an account, for its owner; of a provider, for itself; of all, for operators. */
export interface ActsOf {
  readonly account?: Address;
  readonly provider?: Address;
  /** only acts of this `operationId`, such as `issueGrants` */
  readonly act?: string;
}

/** Reads who changed what, when and from where. */
export async function readActs(
  api: Api,
  { account, provider, act, cursor, limit }: ActsOf & PageOptions,
  options?: CallOptions,
): Promise<Acts> {
  return await api.call(listActs, { query: { account, provider, act, cursor, limit } }, options);
}
