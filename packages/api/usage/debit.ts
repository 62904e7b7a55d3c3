import { z } from "zod";

import { AddressText, Bytes32Text, MicrosText, TimeText } from "../fields.ts";

export const Charge = z
  .object({ account: AddressText, allowance: Bytes32Text, amountMicros: MicrosText })
  .meta({ id: "Charge", description: "What one allowance paid." });

/** What charged work cost, and who paid it. */
export const Debit = z.object({
  result: z.literal("debited"),
  costMicros: MicrosText,
  rateCardVersion: z.int().min(1),
  charges: z.array(Charge).describe("They add up to `costMicros`."),
  recordedAt: TimeText.describe("When it was charged, by the database's clock."),
  repeated: z
    .boolean()
    .describe("It was charged before: this is the first outcome, and nothing was charged now."),
});
