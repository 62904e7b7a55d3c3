import type { Address } from "viem";

import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { toTokensUp } from "@compute-credits/rules/insight/liability";

/** What a buyer must know: where the credits are sold, for which token, and at what price. */
export interface Sale extends Deployment {
  readonly token: Address;
  readonly creditMicrosPerToken: bigint;
  /** the token's smallest units in a whole one; `null` if it is not known */
  readonly tokenUnit: bigint | null;
  /** this server's address */
  readonly serverUrl: () => string;
}

/** The two calls that buy exactly these credits for an account. Anyone may make them. */
export function purchaseOf(account: Address, creditMicros: bigint, sale: Sale) {
  const { contract, token, tokenUnit, creditMicrosPerToken } = sale;
  return {
    contract,
    function: "function buy(address account, uint104 creditMicros) returns (uint256 tokenAmount)",
    account,
    creditMicros,
    token,
    tokenAmount:
      tokenUnit === null ? null : toTokensUp(creditMicros, { tokenUnit, creditMicrosPerToken }),
    approve: "function approve(address spender, uint256 value) returns (bool)",
    docs: `${sale.serverUrl()}/llms.txt`,
  };
}
