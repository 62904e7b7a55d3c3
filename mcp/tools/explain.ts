import { z } from "zod";

import { type Explanation, explain } from "@compute-credits/client";
import { spenderOf } from "../agent.ts";
import { Address, AddressInput, Bytes32, Label, Labels, Micros, Time, Whole } from "../fields.ts";
import { tool } from "../tool.ts";

const Charge = z.object({
  account: Address,
  allowance: Bytes32,
  amountMicros: Micros,
  allowanceLeftMicros: Micros.nullable().describe("`null` if that was not kept."),
  accountLeftMicros: Micros.nullable(),
});

export const explainTool = tool({
  name: "explain",
  title: "Why this amount",
  description:
    "Explains one debit: the rate, the computation and its rounding, which allowances paid, what " +
    "each left, and the checkpoint that holds it. `provider` and `eventId` are those of usage.",
  input: z.strictObject({
    provider: AddressInput,
    eventId: z.string().min(1).max(128),
  }),
  output: z.object({
    eventId: Label,
    provider: Address,
    meter: z.string(),
    quantity: Whole,
    dimensions: Labels,
    occurredAt: Time,
    recordedAt: Time,
    costMicros: Micros,
    feeMicros: Micros.describe("The operator's part."),
    price: z
      .object({
        rateCardVersion: z.int(),
        formula: z.string().describe("The computation, to be read."),
        rounding: z.string(),
      })
      .nullable(),
    charges: z.array(Charge),
    hold: z.object({ id: Label, capturedMicros: Micros }).nullable(),
    voidedAt: Time.nullable(),
    checkpoint: z
      .object({ epoch: Whole, status: z.string(), transactionHash: Bytes32.nullable() })
      .nullable()
      .describe("`null` if none holds it yet."),
  }),
  async run({ provider, eventId }, agent) {
    const { api } = agent.spender ?? agent.reader ?? spenderOf(agent);
    const { event, price, charges, ...found } = await explain(api, { provider, eventId });
    const { id, ...described } = event;
    return {
      eventId: id,
      ...described,
      ...found,
      price,
      charges: charges.map(shownCharge),
    };
  },
});

function shownCharge(charge: Explanation["charges"][number]) {
  const { account, allowance, amountMicros, limits } = charge;
  return {
    account,
    allowance,
    amountMicros,
    allowanceLeftMicros: limits.allowanceLimit.leftMicros,
    accountLeftMicros: limits.accountBalance.leftMicros,
  };
}
