import { BaseError, ContractFunctionZeroDataError, HttpRequestError } from "viem";

import { CreditsError } from "@compute-credits/client/errors/creditsError";

/**
 * Returns what to tell the user of a chain's error, without a stack. Returns null for any other
 * error. `option` is the command's option that names the chain.
 */
export function explainChainError(
  thrown: unknown,
  { rpc, option }: { readonly rpc: string; readonly option: string },
): string | null {
  // The SDK's readers wrap what viem throws.
  const error = thrown instanceof CreditsError ? thrown.cause : thrown;
  if (!(error instanceof BaseError)) return null;
  if (error.walk((cause) => cause instanceof HttpRequestError) !== null) {
    return `No chain answers at ${rpc}. Check ${option}.`;
  }
  if (error.walk((cause) => cause instanceof ContractFunctionZeroDataError) !== null) {
    return `The chain at ${rpc} has no ComputeCredits contract there. Check --contract and ${option}.`;
  }
  return `The chain refuses: ${error.shortMessage}`;
}
