import { z } from "zod";

import { AddressField, SpenderField } from "@compute-credits/protocol/json/fields";
import { MAX_MEASUREMENTS_PER_REQUEST } from "../bounds.ts";
import { AddressText, Bytes32Text, MicrosText, TimeText } from "../fields.ts";
import { Problem } from "../openapi/problem.ts";
import { measurementList } from "../pricing/measurement.ts";
import { CHARGE_REFUSALS } from "../problems/chargeRefusals.ts";
import { route } from "../route.ts";
import { Charge } from "./debit.ts";

/** The body of `previewUsage` on a server with this limit. */
export function previewBody({ maxPriceMeasurements }: { readonly maxPriceMeasurements: number }) {
  return z.strictObject({
    provider: AddressField.nullable()
      .default(null)
      .describe("Who would report the work. A provider leaves it out; a spender must name it."),
    spender: SpenderField.nullable()
      .default(null)
      .describe("Whose credits would pay. A spender leaves it out; a provider must name it."),
    measurements: measurementList(maxPriceMeasurements),
  });
}

const Payable = z
  .object({
    result: z.literal("payable"),
    costMicros: MicrosText,
    rateCardVersion: z.int().min(1),
    charges: z.array(Charge).describe("They add up to `costMicros`."),
  })
  .meta({ id: "PayableWork" });

const NotPayable = z
  .object({
    result: z.literal("refused"),
    problem: Problem.describe(
      "What the debit would answer now; with status 402 a `ShortageProblem`.",
    ),
  })
  .meta({ id: "UnpayableWork" });

const Previews = z
  .object({
    asOf: TimeText.describe("The moment that the answer is of, by the database's clock."),
    provider: AddressText,
    spender: Bytes32Text,
    previews: z.array(z.union([Payable, NotPayable])).describe("In the order of the measurements."),
    payable: z.int().min(0),
    refused: z.int().min(0),
    totalMicros: MicrosText.describe("Of all that are payable."),
  })
  .meta({ id: "Previews" });

export const previewUsage = route({
  id: "previewUsage",
  weight: "heavyRead",
  method: "post",
  path: "/v1/previews",
  tag: "usage",
  summary: "Whether work could be paid now; charges nothing",
  description:
    "What `POST /v1/usage` would do at this moment with the measurements as one batch of new " +
    "events: each counts on those before it. Nothing is charged, held or kept, so others may " +
    "spend the credits first: a hold keeps them.\n\n" +
    "For a spender, with its key or its wallet's session, and for a provider, with its key. A " +
    "provider without access gets the refusal that its debit would get.",
  isWork: true,
  callers: ["theSpender", "provider"],
  body: previewBody({ maxPriceMeasurements: MAX_MEASUREMENTS_PER_REQUEST }),
  exampleBody: {
    provider: "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
    measurements: [{ meter: "gpu.seconds", quantity: 90, dimensions: { gpu: "H100" } }],
  },
  answers: { 200: { description: "An outcome of each.", schema: Previews } },
  reasons: [
    "source_mismatch",
    "provider_not_approved",
    "label_too_long",
    "event_too_old",
    "event_in_future",
    ...CHARGE_REFUSALS,
  ],
});
