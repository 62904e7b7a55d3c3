import type { Address, Hex } from "viem";

export interface SignerSignature {
  readonly signer: Address;
  readonly signature: Hex;
}
