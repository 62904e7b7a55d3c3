import { type ProblemError, fail } from "../../http/problem.ts";

export function accessRevoked(): ProblemError {
  return fail(
    403,
    "access_revoked",
    "The spender took this provider's access back, for good. " +
      "Ask for a new API key, or for an allowance whose scope names the provider.",
  );
}
