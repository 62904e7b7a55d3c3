import { z } from "zod";

import { AddressField, SecondsField, SignatureField } from "@compute-credits/protocol/json/fields";
import { AddressText, UintText } from "../fields.ts";
import { route } from "../route.ts";

const ProviderApproval = z
  .object({
    provider: AddressText,
    approved: z.boolean(),
    issuedAt: UintText.describe("Seconds since 1970, as the operator signed it."),
    operator: AddressText.nullable().describe(
      "`null` for a provider that had a key before there were approvals.",
    ),
  })
  .meta({ id: "ProviderApproval" });

export const decideProviderApproval = route({
  id: "decideProviderApproval",
  weight: "sensitive",
  method: "post",
  path: "/v1/provider-approvals",
  tag: "providers",
  summary: "An operator approves a provider, or ends that",
  description:
    "`signature` is the operator's of `ProviderApproval` (EIP-712). The decision with the latest " +
    "`issuedAt` is in force.",
  callers: ["signer"],
  body: z.strictObject({
    provider: AddressField,
    approved: z.boolean(),
    issuedAt: SecondsField,
    operator: AddressField,
    signature: SignatureField,
  }),
  exampleBody: {
    provider: "0x90f79bf6eb2c4f870365e785982e1f101e93b906",
    approved: true,
    issuedAt: "1785585600",
    operator: "0x976ea74026e726554db657fa54763abd0c3a0aa9",
    signature: `0x${"00".repeat(65)}`,
  },
  answers: { 200: { description: "The decision in force.", schema: ProviderApproval } },
  reasons: ["not_an_operator", "times_out_of_range", "stale_approval"],
});

const ProviderStatus = z
  .object({
    provider: AddressText,
    approved: z.boolean().describe("Whether it may charge, by decision or by the server's policy."),
    decision: ProviderApproval.nullable().describe("The last decision of an operator."),
  })
  .meta({ id: "ProviderStatus" });

export const getProviderApproval = route({
  id: "getProviderApproval",
  method: "get",
  path: "/v1/provider-approvals/{address}",
  tag: "providers",
  summary: "Whether a provider may charge here",
  callers: ["anyone"],
  params: z.strictObject({ address: AddressField }),
  answers: { 200: { description: "The provider's status.", schema: ProviderStatus } },
  reasons: [],
});
