import type { Hex } from "viem";

import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { SignerSignature } from "@compute-credits/protocol/messages/signerSignature";
import { fail } from "../../http/problem.ts";

/** What co-signers sign, as a refusal names it. */
export type CoSigned = "checkpoint" | "receipt";

/** Throws unless the contract would count the signature of the digest as a present signer's. */
export async function checkSignerSignature(
  chain: Pick<ChainReader, "deployment" | "isSigner" | "isSignedBy">,
  { signer, signature }: SignerSignature,
  { digest, what }: { readonly digest: Hex; readonly what: CoSigned },
): Promise<void> {
  const { contract } = chain.deployment;
  if (!(await chain.isSigner(signer))) {
    throw fail(
      403,
      "not_a_signer",
      `${signer} is not a signer of the contract ${contract}. Sign with the key of one.`,
    );
  }
  if (!(await chain.isSignedBy(signer, digest, signature))) {
    throw fail(
      422,
      "signature_invalid",
      `The signature is not that of ${signer} over this ${what}, on this chain and contract. ` +
        "GET /v1/deployment has the EIP-712 domain to sign with.",
    );
  }
}
