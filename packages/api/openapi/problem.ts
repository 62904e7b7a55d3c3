import { z } from "zod";

import { AddressText, MicrosText, UintText } from "../fields.ts";

export const PROBLEM_TYPE = "application/problem+json";

/** A refusal (RFC 9457). Some reasons come with more fields: see `ShortageProblem`. */
export const Problem = z
  .looseObject({
    type: z.string().describe("A URN that names the reason."),
    title: z.string().describe("The status in words."),
    status: z.int().min(400).max(599),
    reason: z
      .string()
      .regex(/^[a-z_]+$/)
      .describe("Stable: programs branch on it. docs/reasons.md explains each."),
    detail: z.string().describe("What is wrong, and what to do next."),
  })
  .meta({ id: "Problem" });

/** How anyone buys the credits that are missing: two calls on the chain, and no account here. */
const CreditPurchase = z
  .object({
    contract: AddressText.describe("The vault, which sells the credits."),
    function: z.string().describe("Its function, as Solidity declares it."),
    account: AddressText.describe("The first argument: who gets the credits."),
    creditMicros: MicrosText.describe("The second argument: exactly what is missing."),
    token: AddressText.describe("The ERC-20 that the vault takes."),
    tokenAmount: UintText.nullable().describe(
      "What the buyer pays, in the token's smallest units, rounded up. `null`: ask `priceOf`.",
    ),
    approve: z
      .string()
      .describe("The token's function to call first, with the vault and `tokenAmount`."),
    docs: z.string().describe("What the service is and how it is paid, for programs."),
  })
  .meta({ id: "CreditPurchase" });

/** Each problem with status 402: what is missing, whose, on which chain, and how to buy it. */
export const ShortageProblem = Problem.extend({
  server: z.string().describe("This server's address."),
  chainId: z.int(),
  contract: AddressText,
  account: AddressText.describe("The account that reached a limit."),
  availableMicros: MicrosText.describe("What all usable allowances together can pay."),
  neededMicros: MicrosText.describe("That, and what the rest costs at the account's own price."),
  missingMicros: MicrosText.describe("`neededMicros - availableMicros`."),
  heldMicros: MicrosText.describe("Held in the account: some of it may return."),
  waitMayHelp: z.boolean().describe("Whether holds that end could free enough."),
  buy: CreditPurchase.nullable().describe(
    "`null` if a signed limit is reached: then credits do not help, and `detail` says what does.",
  ),
}).meta({ id: "ShortageProblem" });
