import type { Address, Hex } from "viem";

import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { fail } from "./problem.ts";

export interface SignedDigest {
  readonly signer: Address;
  /** what the signer is to the reader of the problem, such as "the provider" */
  readonly role: string;
  /** of EIP-712 typed data */
  readonly digest: Hex;
  readonly signature: Hex;
}

/** Throws a 403 unless the contract would accept the signature as the signer's. */
export async function checkSignature(
  chain: Pick<ChainReader, "isSignedBy">,
  { signer, role, digest, signature }: SignedDigest,
): Promise<void> {
  if (await chain.isSignedBy(signer, digest, signature)) return;
  throw fail(
    403,
    "invalid_signature",
    `The signature is not that of ${role} ${signer} ` +
      "over this message, on this chain and contract. " +
      "GET /v1/deployment has the EIP-712 domain to sign with.",
  );
}
