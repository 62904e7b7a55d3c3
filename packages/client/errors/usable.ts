import { BaseError } from "viem";

import { CreditsError } from "./creditsError.ts";

/**
 * Makes something of a program's arguments. What is thrown meanwhile, such as for an address that is
 * none, becomes a `CreditsError` (`invalid_input`): nothing was asked or sent yet.
 */
export function usable<T>(make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (cause instanceof CreditsError) throw cause;
    const text = cause instanceof BaseError ? cause.shortMessage : String(cause);
    throw new CreditsError(`an argument cannot be used: ${text}`, {
      reason: "invalid_input",
      cause,
    });
  }
}
