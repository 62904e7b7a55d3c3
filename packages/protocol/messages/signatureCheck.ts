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

/** What a wallet contract answers where it stands by a signature (ERC-1271). */
const ERC1271_VALID = "0x1626ba7e";

/** Half of secp256k1's order: a larger `s` is the same signature written a second way (EIP-2). */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/**
 * Whether the contract would take the signature: the rules of its `Signatures` library, no more and no less, so that an
 * allowance which the server lets spend always answers a challenge on chain. The key comes first, code or no code.
 */
export async function isValidSignature(
  client: PublicClient,
  signer: Address,
  digest: Hex,
  signature: Hex,
): Promise<boolean> {
  if (await isWalletSignature(signer, digest, signature)) return true;
  const code = await client.getCode({ address: signer });
  return code !== undefined && (await isContractSignature(client, signer, digest, signature));
}

/** Whether the signer's own key signed: it can never take that back, as a contract can. */
export async function isWalletSignature(
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
    // No point on the curve: not a signature of anybody.
    return false;
  }
}

/** A wallet that reverts, or answers nonsense, has not signed. An endpoint that fails, in whatever way, is no answer. */
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
