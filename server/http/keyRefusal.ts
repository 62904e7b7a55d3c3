import { type ProblemError, fail } from "./problem.ts";

/** Why the hash of a new key is not registered. */
export type KeyRefusal =
  | { readonly reason: "key_taken" | "key_revoked" }
  | { readonly reason: "too_many_keys"; readonly limit: number };

/** Refuses to register a key of an account. `kind` is what its holder calls it. */
export function keyRefusal(refusal: KeyRefusal, kind: "issuing" | "view"): ProblemError {
  switch (refusal.reason) {
    case "key_taken":
      return fail(409, "key_taken", "This hash is registered for something else. Make a new key.");
    case "key_revoked":
      return fail(409, "key_revoked", "This key was revoked, for good. Make a new one.");
    case "too_many_keys": {
      const { limit } = refusal;
      return fail(
        429,
        "too_many_keys",
        `The account has its maximum of ${limit} ${kind} keys. Revoke one that is not used.`,
        { limit },
      );
    }
    default:
      return refusal satisfies never;
  }
}
