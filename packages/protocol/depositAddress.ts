import { type Address, type Hex, concat, getContractAddress, zeroHash } from "viem";

import { lowercaseHex } from "./hex.ts";

/** EIP-1167 with immutable arguments, as OpenZeppelin's `Clones` deploys it. */
const BEFORE_IMPLEMENTATION: Hex = "0x6100413d81600a3d39f3363d3d373d3d3d363d73";
const AFTER_IMPLEMENTATION: Hex = "0x5af43d82803e903d91602b57fd5bf3";

/** The factory deploys the code of all deposit addresses first: a contract's nonces begin at 1. */
const IMPLEMENTATION_NONCE = 1n;

/**
 * Where tokens for an account are to be sent, in lower case. Needs no chain: it follows from the
 * address of the `DepositAddresses` contract and the account. It is valid on that contract's chain
 * only.
 */
export function depositAddressOf(depositAddresses: Address, account: Address): Address {
  const implementation = getContractAddress({
    from: depositAddresses,
    nonce: IMPLEMENTATION_NONCE,
  });
  return lowercaseHex(
    getContractAddress({
      opcode: "CREATE2",
      from: depositAddresses,
      salt: zeroHash,
      bytecode: concat([BEFORE_IMPLEMENTATION, implementation, AFTER_IMPLEMENTATION, account]),
    }),
  );
}
