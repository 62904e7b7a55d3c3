import { z } from "zod";

import { AddressText, UintText } from "../fields.ts";
import { route } from "../route.ts";
import { Limits } from "./limits.ts";

const Terms = z
  .object({
    token: z
      .templateLiteral(["0x", z.string().regex(/^[0-9a-fA-F]{40}$/)])
      .describe("With a checksum."),
    creditMicrosPerToken: UintText.describe("Micro-credits of one whole token."),
    tokenUnit: UintText.nullable().describe("Smallest units of one whole token; `null`: unknown."),
    maxFeeBps: UintText,
    disputeWindowSeconds: z.int(),
    answerWindowSeconds: z.int(),
    refundWindowSeconds: z.int(),
    counterGraceSeconds: z.int(),
    unprovenLimitMicros: UintText.nullable().describe("`null`: the vault has no limit."),
  })
  .meta({ id: "Terms" });

const Types = z.record(z.string(), z.array(z.object({ name: z.string(), type: z.string() })));

const Deployment = z
  .object({
    domain: z.object({
      name: z.string(),
      version: z.string(),
      chainId: z.int(),
      verifyingContract: AddressText,
    }),
    types: Types.describe("The EIP-712 types `Allowance` and `Checkpoint`."),
    terms: Terms,
    feeBps: UintText.describe("The operator's part of each debit, in hundredths of a percent."),
    deploymentBlock: UintText.describe("Where a search of the contract's logs begins."),
    lens: AddressText.nullable().describe("The contract that shows a wallet's page in one call."),
    depositAddresses: AddressText.nullable().describe(
      "The contract of the deposit addresses (docs/deposits.md).",
    ),
    usageEventType: z.string(),
    limits: Limits,
  })
  .meta({ id: "Deployment" });

export const getDeployment = route({
  id: "getDeployment",
  method: "get",
  path: "/v1/deployment",
  tag: "deployment",
  summary: "Chain, contract, terms, fee, limits, two types",
  callers: ["anyone"],
  answers: { 200: { description: "The deployment.", schema: Deployment } },
  reasons: [],
});
