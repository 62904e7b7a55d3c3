import { z } from "zod";

import { IntText, SignedMicrosText } from "../fields.ts";

/** An amount of credits, and what the contract would pay for it. */
export const InBoth = z.object({
  micros: SignedMicrosText,
  tokens: IntText.describe("In the token's smallest unit, rounded down."),
});

/** One number that the ledger and the chain both have, and why they differ. */
export const Comparison = z.object({
  name: z.string(),
  unit: z.enum(["micro-credits", "tokens"]),
  ledger: IntText,
  chain: IntText,
  differences: z.array(
    z.object({
      because: z.enum([
        "not_in_a_checkpoint_yet",
        "checkpoint_not_final_yet",
        "row_not_settled_yet",
        "payout_deferred",
        "sent_to_the_vault",
        "unexplained",
      ]),
      amount: IntText,
    }),
  ),
});
