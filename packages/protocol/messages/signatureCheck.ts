import {
  type Address,
  BaseError,
  type Hex,
  ContractFunctionRevertedError,
  ContractFunctionZeroDataError,
  AbiDecodingDataSizeTooSmallError,
  type PublicClient,
  isAddressEqual,
  parseAbi,
  recoverAddress,
  size,
  slice,
} from "viem";

const ERC1271_ABI = parseAbi([
  "function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)",
]);

/** The value that a contract wallet returns for a valid signature (ERC-1271). */
const ERC1271_VALID = "0x1626ba7e";

/** Half of secp256k1's order. A larger `s` is a second encoding of the same signature (EIP-2). */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/**
 * Checks a signature by exactly the rules of the contract's `Signatures` library. So each allowance
 * that the server accepts can answer a challenge on chain. Tries the signer's key first,
 * even if the address has code, then ERC-1271. Throws if the RPC endpoint fails.
 */
export async function isValidSignature(
  client: PublicClient,
  signer: Address,
  digest: Hex,
  signature: Hex,
): Promise<boolean> {
  if (await isEcdsaSignature(signer, digest, signature)) return true;
  const code = await client.getCode({ address: signer });
  return code !== undefined && (await isContractSignature(client, signer, digest, signature));
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

/**
 * Asks the contract wallet (ERC-1271). A revert or a malformed answer counts as invalid. A failing
 * RPC endpoint is an error, not an answer.
 */
async function isContractSignature(
  client: PublicClient,
  signer: Address,
  digest: Hex,
  signature: Hex,
): Promise<boolean> {
  try {
    const answer = await client.readContract({
      address: signer,
      abi: ERC1271_ABI,
      functionName: "isValidSignature",
      args: [digest, signature],
    });
    return answer === ERC1271_VALID;
  } catch (error) {
    const isAnswer =
      error instanceof BaseError &&
      error.walk(
        (cause) =>
          cause instanceof ContractFunctionRevertedError ||
          cause instanceof ContractFunctionZeroDataError ||
          cause instanceof AbiDecodingDataSizeTooSmallError,
      ) !== null;
    if (isAnswer) return false;
    throw error;
  }
}
