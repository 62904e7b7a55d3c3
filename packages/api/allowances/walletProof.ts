import { AddressField, SignatureField, uintField } from "@compute-credits/protocol/json/fields";

/** What a spending wallet sends instead of a key: its `Acceptance` message. */
export const WALLET_PROOF = {
  spender: AddressField,
  signedAt: uintField(63).describe("Milliseconds since 1970, later than in any message before."),
  signature: SignatureField,
};
