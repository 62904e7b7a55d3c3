import type { Address } from "viem";

import { listMultiplierSteps } from "@compute-credits/api/pricing/dynamicRates";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";
import type { PageOptions } from "../http/pages.ts";

/** A page of the steps that a rate's multiplier made, in basis points (10,000 is one). */
export type MultiplierSteps = AnswerBody<typeof listMultiplierSteps>;

/** Reads a page of the steps of one dynamic rate, newest first. For anyone. */
export async function readMultiplierSteps(
  api: Api,
  {
    provider,
    rateKey,
    ...query
  }: {
    readonly provider: Address;
    /** as `readDynamicRates` has it */
    readonly rateKey: string;
  } & PageOptions,
  options?: CallOptions,
): Promise<MultiplierSteps> {
  return await api.call(listMultiplierSteps, { params: { provider, rateKey }, query }, options);
}
