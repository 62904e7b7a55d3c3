import { z } from "zod";

import type { CheckpointMessage } from "../messages/checkpoint.ts";
import type { SignerSignature } from "../messages/signerSignature.ts";
import type { Row } from "../tree/row.ts";
import { AddressField, Bytes32Field, SignatureField, uintField } from "./fields.ts";

/** `CheckpointMessage` as JSON: what the meter's signers sign. */
export const CheckpointJson = z.strictObject({
  epoch: uintField(64),
  previousRoot: Bytes32Field,
  root: Bytes32Field,
  spent: uintField(64),
  refunded: uintField(64),
  earned: uintField(64),
  asOf: uintField(64),
  dataHash: Bytes32Field,
}) satisfies z.ZodType<CheckpointMessage>;

/** `Row` as JSON. */
export const RowJson = z.strictObject({
  party: AddressField,
  spent: uintField(64),
  refunded: uintField(64),
  earned: uintField(64),
}) satisfies z.ZodType<Row>;

/** A signer of the contract, and its signature of a checkpoint or a receipt. */
export const SignerSignatureJson = z.strictObject({
  signer: AddressField,
  signature: SignatureField,
}) satisfies z.ZodType<SignerSignature>;
