import type { Address, Hex } from "viem";

import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { SignedMessage, Signing } from "@compute-credits/protocol/messages/signatureCheck";
import { fail } from "./problem.ts";

export interface SignedDigest {
  readonly signer: Address;
  /** what the signer is to the reader of the problem, such as "the provider" */
  readonly role: string;
  /** of EIP-712 typed data */
  readonly digest: Hex;
  readonly signature: Hex;
}

/** The role of an account's owner, for `SignedDigest.role`. */
export const OWNER = "the owner of the account";

/**
 * Throws a 403 unless the court would accept the allowance now. Returns whether a contract wallet
 * signed it, and not a key.
 */
export async function checkAllowanceSignature(
  chain: Pick<ChainReader, "allowanceSigning">,
  signed: SignedMessage,
): Promise<boolean> {
  const signing = await chain.allowanceSigning(signed);
  refuseUnsigned(signing, OWNER, signed.message.account);
  return signing === "contract";
}

/** Throws a 403 unless the contract would accept the signature as the signer's. */
export async function checkSignature(
  chain: Pick<ChainReader, "signingOf">,
  { signer, role, digest, signature }: SignedDigest,
): Promise<void> {
  refuseUnsigned(await chain.signingOf(signer, digest, signature), role, signer);
}

function refuseUnsigned(signing: Signing, role: string, signer: Address): void {
  switch (signing) {
    case "key":
    case "contract":
      return;
    case "delegate":
      // Once the key takes the delegation back, no auditor can tell this from a forgery.
      throw fail(
        403,
        "invalid_signature",
        `The code that ${role} ${signer} has delegated to (EIP-7702) accepts the signature, ` +
          "but the delegation can be taken back: sign with the account's key.",
      );
    case "contract_refuses":
      throw fail(
        403,
        "invalid_signature",
        `The contract wallet of ${role}, ${signer}, does not accept the signature: its ` +
          "isValidSignature (ERC-1271) reverts, takes too much gas, or answers otherwise. " +
          "GET /v1/deployment has the EIP-712 domain to sign with.",
      );
    case "nobody":
      throw fail(
        403,
        "invalid_signature",
        `The signature is not that of ${role} ${signer} ` +
          "over this message, on this chain and contract. " +
          "GET /v1/deployment has the EIP-712 domain to sign with.",
      );
    default:
      signing satisfies never;
  }
}
