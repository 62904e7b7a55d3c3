import type { Address, TypedDataDomain } from "viem";

/** Where a deployment of the contract stands: what every signature of this system is bound to. */
export interface Deployment {
  readonly chainId: number;
  readonly contract: Address;
}

/** The EIP-712 domain: a signature for one chain or contract is worth nothing on another. */
export function signingDomain({ chainId, contract }: Deployment) {
  return {
    name: "ComputeCredits",
    version: "1",
    chainId,
    verifyingContract: contract,
  } as const satisfies TypedDataDomain;
}
