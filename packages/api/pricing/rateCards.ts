import { z } from "zod";

import { AddressField, TimeField } from "@compute-credits/protocol/json/fields";
import { MAX_RATES, PAGES } from "../bounds.ts";
import { AddressText, NextCursor, TimeText, limitField } from "../fields.ts";
import { route } from "../route.ts";
import { KeyedRate, type RateSchemaLimits, ratesSchema } from "./rates.ts";

const VersionField = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, "must be a version: 1 or more")
  .transform(Number);

const RateCard = z
  .object({
    version: z.int().min(1).describe("Unique among all cards of the server."),
    provider: AddressText.nullable().describe("`null` for the operator's card."),
    effectiveFrom: TimeText,
    rates: z.array(KeyedRate),
  })
  .meta({ id: "RateCard" });

export const listRateCards = route({
  id: "listRateCards",
  method: "get",
  path: "/v1/rate-cards",
  tag: "pricing",
  summary: "All rate cards, newest version first",
  description: "`provider` is an address, or `operator` for the operator's own cards.",
  callers: ["anyone"],
  query: z.strictObject({
    provider: z
      .union(
        [z.literal("operator").transform(() => null), AddressField],
        'must be a provider\'s address, or "operator"',
      )
      .optional(),
    cursor: VersionField.optional(),
    limit: limitField(PAGES.rateCards),
  }),
  answers: {
    200: {
      description: "A page of cards.",
      schema: z.object({
        rateCards: z.array(RateCard).max(PAGES.rateCards.most),
        nextCursor: NextCursor,
      }),
    },
  },
  reasons: [],
});

export const getRateCard = route({
  id: "getRateCard",
  method: "get",
  path: "/v1/rate-cards/{version}",
  tag: "pricing",
  summary: "One rate card",
  callers: ["anyone"],
  params: z.strictObject({ version: VersionField }),
  answers: { 200: { description: "The card, which never changes.", schema: RateCard } },
  reasons: ["rate_card_not_found"],
});

/** The body of `publishRateCard` on a server with these limits. */
export function rateCardBody(limits: RateSchemaLimits) {
  return z.strictObject({
    effectiveFrom: TimeField.nullable()
      .default(null)
      .describe("`null` for as soon as the notice allows."),
    rates: ratesSchema(limits),
  });
}

export const publishRateCard = route({
  id: "publishRateCard",
  method: "post",
  path: "/v1/rate-cards",
  tag: "pricing",
  summary: "Publishes the provider's next card",
  description: "A rate without a `kind` is `fixed`. Published cards never change.",
  callers: ["provider"],
  body: rateCardBody(MAX_RATES),
  exampleBody: {
    rates: [{ meter: "gpu.seconds", dimensions: {}, microCredits: "500", perUnits: "1" }],
  },
  answers: {
    200: { description: "The provider's newest card, which says the same.", schema: RateCard },
    201: { description: "The new card.", schema: RateCard },
  },
  reasons: [
    "invalid_rate_card",
    "effective_from_too_soon",
    "effective_from_too_late",
    "effective_from_not_after_newest",
    "too_many_pending_rate_cards",
    "provider_bound_reached",
  ],
});
