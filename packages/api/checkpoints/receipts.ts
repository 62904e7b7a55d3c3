import { z } from "zod";

import { SignerSignatureJson } from "@compute-credits/protocol/json/checkpoint";
import { AddressField, uintField } from "@compute-credits/protocol/json/fields";
import { SignedReceiptJson } from "@compute-credits/protocol/json/receipt";
import { EXAMPLE } from "../examples.ts";
import { route } from "../route.ts";

const SignedReceipt = SignedReceiptJson.meta({ id: "SignedReceipt" });

export const issueReceipt = route({
  id: "issueReceipt",
  method: "post",
  path: "/v1/receipts",
  tag: "checkpoints",
  summary: "The signers' promise of the provider's earnings",
  description:
    "The signers promise (EIP-712 `EarningsReceipt`) that every checkpoint from its epoch on pays " +
    "what the provider has earned now. Events that it counts can no longer be voided. The " +
    "contract takes it with `threshold` signatures of its present signers. `standbySignatures` " +
    "are by keys that are no signers now: announced ones count from the moment they take over, " +
    "so a provider that keeps both always has a receipt that counts.",
  isWork: true,
  callers: ["provider"],
  answers: { 201: { description: "The receipt.", schema: SignedReceipt } },
  reasons: ["receipts_not_offered"],
});

export const getLatestReceipt = route({
  id: "getLatestReceipt",
  method: "get",
  path: "/v1/receipts/latest",
  tag: "checkpoints",
  summary: "The last promise, as co-signers have signed it",
  description: "Promises and signs nothing.",
  callers: ["theProvider", "operator", "auditor"],
  query: z.strictObject({ provider: AddressField.optional().describe("The caller, if absent.") }),
  answers: { 200: { description: "The receipt, and its signatures.", schema: SignedReceipt } },
  reasons: ["receipt_not_found"],
});

export const addReceiptSignature = route({
  id: "addReceiptSignature",
  method: "post",
  path: "/v1/receipts/{provider}/signatures",
  tag: "checkpoints",
  summary: "Adds a co-signer's signature to a receipt",
  description:
    "A co-signer signs the provider's newest receipt, which the log has. The answer says nothing " +
    "of the receipt to anyone else: the signature is checked before it is read.",
  isWork: true,
  callers: ["signer"],
  params: z.strictObject({ provider: AddressField }),
  body: SignerSignatureJson.extend({ earned: uintField(64), epoch: uintField(64) }),
  exampleBody: {
    earned: "2500000",
    epoch: "3",
    signer: EXAMPLE.address,
    signature: EXAMPLE.signature,
  },
  answers: {
    200: {
      description: "How many signatures count so far; the same if it is sent again.",
      schema: z.object({
        signatures: z.int(),
        threshold: z.int(),
        isEnforceable: z.boolean(),
      }),
    },
  },
  reasons: ["receipt_not_found", "receipt_replaced", "not_a_signer", "signature_invalid"],
});
