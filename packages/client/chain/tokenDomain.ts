import { type Address, type PublicClient, domainSeparator, parseAbi } from "viem";

/** What a token's signatures are bound to (EIP-712). */
export interface TokenDomain {
  readonly name: string;
  readonly version: string;
  readonly chainId: number;
  readonly verifyingContract: Address;
}

const ABI = parseAbi([
  "function name() view returns (string)",
  "function version() view returns (string)",
  "function DOMAIN_SEPARATOR() view returns (bytes32)",
]);

/**
 * The token's signing domain, or `null` if it has none that hashes to its `DOMAIN_SEPARATOR`: a
 * signature for another domain would be worthless. Tokens without `version()` have version 1.
 */
export async function readTokenDomain(
  client: PublicClient,
  token: Address,
): Promise<TokenDomain | null> {
  const onToken = { address: token, abi: ABI } as const;
  const [name, version, separator, chainId] = await Promise.all([
    client.readContract({ ...onToken, functionName: "name" }).catch(() => null),
    client.readContract({ ...onToken, functionName: "version" }).catch(() => "1"),
    client.readContract({ ...onToken, functionName: "DOMAIN_SEPARATOR" }).catch(() => null),
    client.getChainId(),
  ]);
  if (name === null || separator === null) return null;
  const domain = { name, version, chainId, verifyingContract: token };
  return domainSeparator({ domain }) === separator ? domain : null;
}
