import { z } from "zod";

import { TimeField } from "@compute-credits/protocol/json/fields";
import { AddressText, Bytes32Text, IntText, MicrosText, TimeText, UintText } from "../fields.ts";
import { route } from "../route.ts";
import { Comparison, InBoth } from "./amounts.ts";

const Report = z
  .object({
    asOf: TimeText,
    block: z.object({ number: UintText, hash: Bytes32Text, time: TimeText }),
    token: AddressText,
    liability: z
      .object({
        unspent: InBoth,
        held: InBoth,
        refunding: InBoth,
        available: InBoth,
        refundsDue: InBoth,
        earningsDue: InBoth,
        feesDue: InBoth,
        total: InBoth,
      })
      .describe("What is owed to accounts, providers and the operator."),
    feesEarned: InBoth,
    feesTaken: InBoth,
    fees: z.object({
      from: TimeText,
      to: TimeText,
      days: z.array(
        z.object({
          day: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
          meter: z.string(),
          events: UintText,
          amountMicros: MicrosText,
          feeMicros: MicrosText,
          feeTokens: IntText,
        }),
      ),
    }),
    reconciled: z.boolean(),
    comparisons: z.array(Comparison),
  })
  .meta({ id: "Report" });

export const getReport = route({
  id: "getReport",
  weight: "heavyRead",
  method: "get",
  path: "/v1/report",
  tag: "insight",
  summary: "Liability, fees, and the books against the chain",
  description: "As CSV with `Accept: text/csv`.",
  callers: ["operator", "auditor"],
  query: z.strictObject({ from: TimeField.optional(), to: TimeField.optional() }),
  answers: {
    200: { description: "The report.", schema: Report, alternatives: ["text/csv"] },
  },
  reasons: ["empty_range", "range_too_long"],
});
