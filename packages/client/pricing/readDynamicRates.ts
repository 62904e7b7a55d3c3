import type { Address } from "viem";

import { listDynamicRates } from "@compute-credits/api/pricing/dynamicRates";
import type { AnswerBody } from "@compute-credits/api/route";
import type { Api, CallOptions } from "../http/api.ts";

/** A rate with a multiplier that moves, in basis points (10,000 is one). */
export type DynamicRate = AnswerBody<typeof listDynamicRates>["dynamicRates"][number];

/** Reads a provider's dynamic rates in force. For anyone. */
export async function readDynamicRates(
  api: Api,
  { provider }: { readonly provider: Address },
  options?: CallOptions,
): Promise<readonly DynamicRate[]> {
  return (await api.call(listDynamicRates, { params: { provider } }, options)).dynamicRates;
}
