import { z } from "zod";

import { preview } from "@compute-credits/client";
import { spenderOf } from "../agent.ts";
import {
  Address,
  AddressInput,
  Bytes32,
  DimensionsInput,
  MeterInput,
  Micros,
  QuantityInput,
  Time,
} from "../fields.ts";
import { Refused, refusedWork } from "../refusedWork.ts";
import { tool } from "../tool.ts";

const Payable = z.object({
  result: z.literal("payable"),
  costMicros: Micros,
  rateCardVersion: z.int(),
  charges: z.array(z.object({ account: Address, allowance: Bytes32, amountMicros: Micros })),
});

export const previewTool = tool({
  name: "preview",
  title: "Preview of a charge",
  description:
    "Tells what a list of measurements would cost the agent's key now at a provider, who would pay, " +
    "and which limit refuses. Each counts on those before it. Charges and holds nothing.",
  input: z.strictObject({
    provider: AddressInput.describe("Who would do the work."),
    measurements: z
      .array(
        z.strictObject({
          meter: MeterInput,
          quantity: QuantityInput,
          dimensions: DimensionsInput.default({}),
        }),
      )
      .min(1)
      .max(100),
  }),
  output: z.object({
    asOf: Time,
    previews: z.array(z.union([Payable, Refused])).describe("In the order of the measurements."),
    payable: z.int(),
    refused: z.int(),
    totalMicros: Micros.describe("Of all that are payable."),
  }),
  async run(work, agent) {
    const found = await preview(spenderOf(agent).api, work);
    const { asOf, payable, refused, totalMicros } = found;
    return {
      asOf,
      payable,
      refused,
      totalMicros,
      previews: found.previews.map((one) =>
        one.result === "payable" ? one : refusedWork(one.problem),
      ),
    };
  },
});
