import { z } from "zod";

import { TimeField } from "@compute-credits/protocol/json/fields";
import { AddressText, TimeText, UintText } from "../fields.ts";
import { route } from "../route.ts";
import { Comparison, InBoth } from "./amounts.ts";

const PastLiability = z
  .object({
    asOf: TimeText.describe("Everything recorded before it counts."),
    readAt: TimeText.describe("The moment of the read, by the database's clock."),
    block: UintText.describe(
      "The newest block with a purchase, a settlement or a claim of fees that counts; 0 without.",
    ),
    readBlock: UintText.describe("The block that the ledger has read, and is compared at."),
    token: AddressText,
    liability: z
      .object({
        unspent: InBoth,
        refundsDue: InBoth,
        earningsDue: InBoth,
        feesDue: InBoth,
        total: InBoth,
      })
      .describe("What was owed to accounts, providers and the operator."),
    purchased: InBoth,
    spent: InBoth,
    refunded: InBoth,
    earned: InBoth,
    feesTaken: InBoth,
    addsUp: z
      .boolean()
      .describe(
        "Whether all movements before `asOf` and since add up to the balances of `readAt`, to the " +
          "micro-credit.",
      ),
    reconciled: z.boolean().describe("Whether `addsUp`, and every difference is explained."),
    comparisons: z.array(Comparison),
  })
  .meta({ id: "PastLiability" });

export const getLiability = route({
  id: "getLiability",
  weight: "heavyRead",
  method: "get",
  path: "/v1/liability",
  tag: "insight",
  summary: "What was owed at any past moment",
  description:
    "Of the end of a day: send the midnight after it. Compared with the contract's totals of now, " +
    "without what the chain's events changed since, so no node needs old state. What was on hold " +
    "then is not kept: it is part of `unspent`. As CSV with `Accept: text/csv`.",
  callers: ["operator", "auditor"],
  query: z.strictObject({ asOf: TimeField.optional().describe("By default now.") }),
  answers: {
    200: {
      description: "The liability of then.",
      schema: PastLiability,
      alternatives: ["text/csv"],
    },
  },
  reasons: ["as_of_in_future", "history_not_kept"],
});
