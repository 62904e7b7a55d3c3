import type { Address, Hex } from "viem";

/** A checkpoint signer's signature with the signer's address. */
export interface SignerSignature {
  readonly signer: Address;
  readonly signature: Hex;
}
