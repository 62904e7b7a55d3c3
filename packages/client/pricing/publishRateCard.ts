import type { z } from "zod";

import type { Rate as RateSchema } from "@compute-credits/api/pricing/rates";
import { publishRateCard as route } from "@compute-credits/api/pricing/rateCards";
import { usable } from "../errors/usable.ts";
import type { Api, CallOptions } from "../http/api.ts";
import type { RateCard } from "./readRateCard.ts";

/** What a meter costs, in micro-credits for so many units. */
export type Rate = z.output<typeof RateSchema>;

/**
 * Publishes the provider's next rate card, which never changes. Needs a provider's key. The same
 * card again, without another between, is the first one.
 */
export async function publishRateCard(
  api: Api,
  {
    rates,
    effectiveFrom,
  }: {
    readonly rates: readonly Rate[];
    /** as soon as the server's notice allows, if absent */
    readonly effectiveFrom?: Date;
  },
  options?: CallOptions,
): Promise<RateCard> {
  const from = effectiveFrom === undefined ? null : usable(() => effectiveFrom.toISOString());
  return await api.call(route, { body: { rates, effectiveFrom: from } }, options);
}
