import { parseAbi } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { courtAbi } from "@compute-credits/protocol/abi/court";

/** Errors of tokens: ERC-6093, and OpenZeppelin's ERC-2612. Older tokens revert with text. */
const TOKEN_ERRORS = parseAbi([
  "error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)",
  "error ERC20InvalidSender(address sender)",
  "error ERC20InvalidReceiver(address receiver)",
  "error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)",
  "error ERC20InvalidApprover(address approver)",
  "error ERC20InvalidSpender(address spender)",
  "error ERC2612ExpiredSignature(uint256 deadline)",
  "error ERC2612InvalidSigner(address signer, address owner)",
]);

/** Every custom error of the vault, the court and the token, each once. */
export const CONTRACT_ERRORS = [
  ...computeCreditsAbi.filter((item) => item.type === "error"),
  ...courtAbi.filter((item) => item.type === "error"),
  ...TOKEN_ERRORS,
] as const;

export type ContractErrorName = (typeof CONTRACT_ERRORS)[number]["name"];
