import { z } from "zod";

import { AddressField } from "@compute-credits/protocol/json/fields";
import { PAGES } from "../bounds.ts";
import { AddressText, NextCursor, TimeText, UintText, limitField } from "../fields.ts";
import { route } from "../route.ts";
import { Rate } from "./rates.ts";

/** As long as the longest that rateKey.ts makes: a publisher, a meter and 16 encoded dimensions. */
const RateKeyField = z
  .string()
  .regex(/^[\x21-\x7e]{1,4096}$/, "must be a rateKey, as the list of dynamic rates has it");

/** A dynamic rate in force. Values ending in `Bps` are basis points: 10,000 is one. */
export const DynamicRateState = z
  .object({
    provider: AddressText,
    rateKey: z.string(),
    rateCardVersion: z.int().min(1),
    rate: Rate,
    multiplierBps: UintText,
    stepCount: z.int().min(0),
    nextStepAt: TimeText.nullable().describe("`null` if a step may be made now."),
  })
  .meta({ id: "DynamicRateState" });

export const MultiplierStep = z
  .object({
    number: z.int().min(1),
    effectiveFrom: TimeText,
    utilisationBps: UintText,
    rateCardVersion: z.int().min(1).describe("Of the card whose rule made the step."),
    multiplierBeforeBps: UintText,
    multiplierAfterBps: UintText,
  })
  .meta({ id: "MultiplierStep" });

export const listDynamicRates = route({
  id: "listDynamicRates",
  method: "get",
  path: "/v1/dynamic-rates/{provider}",
  tag: "pricing",
  summary: "Dynamic rates and their multipliers now",
  callers: ["anyone"],
  params: z.strictObject({ provider: AddressField }),
  answers: {
    200: {
      description: "The dynamic rates in force.",
      schema: z.object({ dynamicRates: z.array(DynamicRateState) }),
    },
  },
  reasons: [],
});

export const listMultiplierSteps = route({
  id: "listMultiplierSteps",
  method: "get",
  path: "/v1/dynamic-rates/{provider}/{rateKey}",
  tag: "pricing",
  summary: "Steps of one dynamic rate, newest first",
  callers: ["anyone"],
  params: z.strictObject({ provider: AddressField, rateKey: RateKeyField }),
  query: z.strictObject({
    cursor: z
      .string()
      .regex(/^\d{1,9}$/, "must be a nextCursor of this list")
      .transform(Number)
      .optional(),
    limit: limitField(PAGES.list),
  }),
  answers: {
    200: {
      description: "A page of steps; none if the rate is unknown.",
      schema: z.object({
        provider: AddressText,
        rateKey: z.string(),
        steps: z.array(MultiplierStep).max(PAGES.list.most),
        nextCursor: NextCursor,
      }),
    },
  },
  reasons: [],
});
