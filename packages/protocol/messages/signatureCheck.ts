import {
  type Address,
  type Hex,
  type PublicClient,
  encodeFunctionData,
  isAddressEqual,
  isErc6492Signature,
  padHex,
  parseAbi,
  parseErc6492Signature,
  recoverAddress,
  size,
  slice,
} from "viem";

import { courtAbi } from "../abi/court.ts";
import { type AllowanceMessage, allowanceId } from "./allowance.ts";
import { type Attempt, attemptCall } from "./attemptedCall.ts";
import type { Deployment } from "./domain.ts";

const ERC1271_ABI = parseAbi([
  "function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)",
]);

/** The word that a contract wallet returns for a valid signature (ERC-1271): all 32 bytes. */
const ERC1271_VALID = padHex("0x1626ba7e", { dir: "right", size: 32 });

/** Half of secp256k1's order. A larger `s` is a second encoding of the same signature (EIP-2). */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** Who made a signature, as the chain sees it at the newest block. */
export type Signing =
  /** the signer's key, which cannot withdraw it */
  | "key"
  /** the signer's contract (ERC-1271), which can disown it later */
  | "contract"
  /** code that the signer's key delegated to (EIP-7702), and can take back */
  | "delegate"
  /** The signer is a contract that does not accept it now: it never did, or has disowned it. */
  | "contract_refuses"
  | "nobody";

export interface SignedMessage {
  readonly message: AllowanceMessage;
  readonly signature: Hex;
}

/**
 * Returns who signed an allowance. Of a contract wallet, it is what the court accepts in
 * `recordCap`, and the court itself is asked: a wallet may answer others differently. Rejects only
 * if the endpoint fails.
 */
export async function readAllowanceSigning(
  client: PublicClient,
  { deployment, court }: { deployment: Deployment; court: Address },
  { message, signature }: SignedMessage,
): Promise<Signing> {
  const { account } = message;
  if (await isEcdsaSignature(account, allowanceId(deployment, message), signature)) return "key";
  const data = encodeFunctionData({
    abi: courtAbi,
    functionName: "recordCap",
    args: [message, signature],
  });
  const { succeeded } = await attemptCall(client, { to: court, data, mayWrite: true });
  return await ofCode(client, account, succeeded);
}

/**
 * Returns who signed a digest, by exactly the rules of the contract's `Signatures` library: the
 * signer's key first, even if the address has code, then ERC-1271 with the whole word compared.
 * Rejects only if the endpoint fails. For an allowance, call `readAllowanceSigning`.
 */
export async function readSigning(
  client: PublicClient,
  signer: Address,
  digest: Hex,
  signature: Hex,
): Promise<Signing> {
  if (await isEcdsaSignature(signer, digest, signature)) return "key";
  const data = erc1271Question(digest, signature);
  const answer = await attemptCall(client, { to: signer, data, mayWrite: false });
  return await ofCode(client, signer, isErc1271Valid(answer));
}

/**
 * Returns whether a wallet signed a digest, also one that is not deployed yet (ERC-6492): its
 * signature says how to deploy it, which is simulated before it is asked. For signing in only: the
 * contracts accept no such signature. Rejects only if the endpoint fails.
 */
export async function isSignedByAnyWallet(
  client: PublicClient,
  signer: Address,
  digest: Hex,
  signature: Hex,
): Promise<boolean> {
  const undeployed = isErc6492Signature(signature) ? parseErc6492(signature) : null;
  if (undeployed === null) {
    return isAccepted(await readSigning(client, signer, digest, signature));
  }
  const { address: factory, data: factoryData, signature: own } = undeployed;
  if ((await client.getCode({ address: signer })) !== undefined) {
    return isAccepted(await readSigning(client, signer, digest, own));
  }
  const answer = await attemptCall(client, {
    to: signer,
    data: erc1271Question(digest, own),
    mayWrite: false,
    first: { to: factory, data: factoryData },
  });
  return isErc1271Valid(answer);
}

/** The parts of an ERC-6492 signature; `null` if what is before its ending is not encoded so. */
function parseErc6492(signature: Hex) {
  try {
    const { address, data, signature: own } = parseErc6492Signature(signature);
    return address === undefined || data === undefined ? null : { address, data, signature: own };
  } catch {
    return null;
  }
}

function erc1271Question(digest: Hex, signature: Hex): Hex {
  return encodeFunctionData({
    abi: ERC1271_ABI,
    functionName: "isValidSignature",
    args: [digest, signature],
  });
}

function isErc1271Valid({ succeeded, returnedBytes, firstWord }: Attempt): boolean {
  return succeeded && returnedBytes >= 32n && firstWord === ERC1271_VALID;
}

/** Whether the contracts would accept the signature now. */
export function isAccepted(signing: Signing): boolean {
  return signing === "key" || signing === "contract" || signing === "delegate";
}

/** The first bytes of the code of an account that has delegated to a contract (EIP-7702). */
const DELEGATION = "0xef0100";

async function ofCode(client: PublicClient, signer: Address, isValid: boolean): Promise<Signing> {
  const code = await client.getCode({ address: signer });
  if (code === undefined) return "nobody";
  if (code.startsWith(DELEGATION)) return isValid ? "delegate" : "nobody";
  return isValid ? "contract" : "contract_refuses";
}

/**
 * Checks a 65-byte ECDSA signature. Unlike a contract, a key cannot withdraw its signature later.
 */
export async function isEcdsaSignature(
  signer: Address,
  digest: Hex,
  signature: Hex,
): Promise<boolean> {
  if (size(signature) !== 65 || BigInt(slice(signature, 32, 64)) > HALF_ORDER) return false;
  const v = slice(signature, 64);
  if (v !== "0x1b" && v !== "0x1c") return false;
  try {
    return isAddressEqual(await recoverAddress({ hash: digest, signature }), signer);
  } catch {
    // `r` is not on the curve: no key made this signature.
    return false;
  }
}
