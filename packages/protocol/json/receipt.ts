import { z } from "zod";

import type { EarningsReceiptMessage } from "../messages/earningsReceipt.ts";
import { SignerSignatureJson } from "./checkpoint.ts";
import { AddressField, boundedList, uintField } from "./fields.ts";

/** `EarningsReceiptMessage` as JSON. */
const ReceiptJson = z.strictObject({
  provider: AddressField,
  earned: uintField(64),
  epoch: uintField(64),
}) satisfies z.ZodType<EarningsReceiptMessage>;

/** A receipt with its signatures, as `POST /v1/receipts` and `GET /v1/receipts/latest` answer it. */
export const SignedReceiptJson = z.object({
  receipt: ReceiptJson,
  /** of present signers */
  signatures: boundedList(SignerSignatureJson, 255),
  /** of keys that are no signers now; announced ones count once they take over */
  standbySignatures: boundedList(SignerSignatureJson, 255).default([]),
  /** how many signatures the contract wants */
  threshold: z.int(),
  isEnforceable: z.boolean(),
});
