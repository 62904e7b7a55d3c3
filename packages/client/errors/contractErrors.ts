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

/** Those of the deposit addresses that the vault does not have too. */
const DEPOSIT_ERRORS = parseAbi([
  "error NothingToSweep(address account, uint256 tokenAmount, uint256 neededTokenAmount)",
  "error ZeroDepositAccount()",
]);

/** Every custom error of the vault, the court, the deposit addresses and the token, each once. */
export const CONTRACT_ERRORS = [
  ...computeCreditsAbi.filter((item) => item.type === "error"),
  ...courtAbi.filter((item) => item.type === "error"),
  ...DEPOSIT_ERRORS,
  ...TOKEN_ERRORS,
] as const;

export type ContractErrorName = (typeof CONTRACT_ERRORS)[number]["name"];
