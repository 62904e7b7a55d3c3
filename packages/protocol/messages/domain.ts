import type { Address, TypedDataDomain } from "viem";

/** The contract that every signature of this system is bound to. */
export interface Deployment {
  readonly chainId: number;
  readonly contract: Address;
}

/** The EIP-712 domain. It makes a signature invalid on any other chain or contract. */
export function signingDomain({ chainId, contract }: Deployment) {
  return {
    name: "ComputeCredits",
    version: "1",
    chainId,
    verifyingContract: contract,
  } as const satisfies TypedDataDomain;
}
