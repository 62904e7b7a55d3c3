import type { Address } from "viem";

import { getRunway } from "@compute-credits/api/insight/runway";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** How fast an account spends, in micro-credits per hour, and when its credits run out. */
export type Runway = AnswerBody<typeof getRunway>;

/** Reads how long an account's credits last. For its owner, its view keys, operators and auditors. */
export async function readRunway(
  api: Api,
  { account }: { readonly account: Address },
  options?: CallOptions,
): Promise<Runway> {
  return await api.call(getRunway, { params: { address: account } }, options);
}
