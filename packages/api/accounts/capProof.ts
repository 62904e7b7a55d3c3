import { z } from "zod";

import { AllowanceJson, ScopeJson } from "@compute-credits/protocol/json/allowance";
import { AddressField, SignatureField, uintField } from "@compute-credits/protocol/json/fields";
import { Bytes32Text } from "../fields.ts";
import { route } from "../route.ts";

const CapProof = z
  .object({
    id: Bytes32Text.describe("The EIP-712 digest that the owner signed."),
    allowance: AllowanceJson,
    scope: ScopeJson.describe("The lists whose hash is the allowance's `scope`."),
    signature: SignatureField,
  })
  .meta({ id: "CapProof" });

export const getCapProof = route({
  id: "getCapProof",
  method: "get",
  path: "/v1/accounts/{address}/cap-proof",
  tag: "accounts",
  summary: "The allowance that proves the account's signed cap",
  description:
    "Of one counter, the owner-signed allowance with the highest `accountCap`, revoked or not: what " +
    "the court's `recordCap` and `challengeRow` compare a row with. While a challenge on the account " +
    "is open, anyone may read it.",
  callers: ["owner", "viewKey", "operator", "auditor", "anyoneWhileChallenged"],
  params: z.strictObject({ address: AddressField }),
  query: z.strictObject({
    counter: uintField(64).optional().describe("The account's current one, if absent."),
  }),
  answers: { 200: { description: "The cap proof.", schema: CapProof } },
  reasons: ["allowance_not_found"],
});
