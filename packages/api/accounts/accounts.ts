import { z } from "zod";

import { RowJson } from "@compute-credits/protocol/json/checkpoint";
import { AddressField } from "@compute-credits/protocol/json/fields";
import { AddressText, Bytes32Text, MicrosText, UintText } from "../fields.ts";
import { route } from "../route.ts";

const Balance = z
  .object({
    account: AddressText,
    purchasedMicros: MicrosText,
    spentMicros: MicrosText,
    heldMicros: MicrosText,
    refundingMicros: MicrosText,
    refundWaitingMicros: MicrosText.describe("Of `refundingMicros`, what open holds still bind."),
    refundedMicros: MicrosText,
    availableMicros: MicrosText,
    earnedMicros: MicrosText,
    counter: UintText,
    settled: z
      .object({ spentMicros: MicrosText, refundedMicros: MicrosText, earnedMicros: MicrosText })
      .describe("What the chain has settled."),
    asOfBlock: UintText.describe("The last block whose purchases are included."),
  })
  .meta({ id: "Balance" });

export const getAccount = route({
  id: "getAccount",
  method: "get",
  path: "/v1/accounts/{address}",
  tag: "accounts",
  summary: "Balance now, and what the chain has settled",
  description: "An unknown account has zeros.",
  callers: ["owner", "viewKey", "theProvider", "operator", "auditor"],
  params: z.strictObject({ address: AddressField }),
  answers: { 200: { description: "The balance.", schema: Balance } },
  reasons: [],
});

const Proof = z
  .object({
    epoch: UintText,
    root: Bytes32Text,
    row: RowJson,
    leaf: Bytes32Text,
    proof: z.array(Bytes32Text).max(64),
  })
  .meta({ id: "Proof" });

export const getProof = route({
  id: "getProof",
  method: "get",
  path: "/v1/accounts/{address}/proof",
  tag: "accounts",
  summary: "Row and proof in the last final checkpoint",
  description:
    "What the contract's `settle` takes. `?of=pending`: in the checkpoint after it, which the " +
    "contract does not settle yet.",
  callers: ["anyone"],
  params: z.strictObject({ address: AddressField }),
  query: z.strictObject({ of: z.enum(["final", "pending"]).default("final") }),
  answers: { 200: { description: "The row, and its proof.", schema: Proof } },
  reasons: ["row_not_found"],
});
