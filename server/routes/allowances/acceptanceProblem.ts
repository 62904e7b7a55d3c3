import type { AddRefusal } from "../../stores/allowances/allowanceStore.ts";
import { type Problem, problem } from "../../http/problem.ts";

export type AcceptanceProblemReason = AddRefusal | { readonly reason: "offer_not_found" };

/** Maps each refusal of an acceptance, and of one more allowance, to its problem document. */
export function acceptanceProblem(refusal: AcceptanceProblemReason): Problem {
  switch (refusal.reason) {
    case "offer_not_found":
      return problem(
        404,
        "allowance_not_found",
        "The account has signed no allowance for this spender. " +
          "Let its owner sign one and post it to /v1/allowances.",
      );
    case "acceptance_not_found":
      return problem(
        404,
        refusal.reason,
        "The spender has not accepted this account, so there is nothing to end.",
      );
    case "acceptance_outdated": {
      const { signedAt } = refusal;
      return problem(
        409,
        refusal.reason,
        `The wallet has signed a message of ${signedAt} about this account: ` +
          "sign one with a later signedAt.",
        { signedAt },
      );
    }
    case "acceptance_in_future":
      return problem(
        422,
        "acceptance_outdated",
        "signedAt is ahead of the server's clock. Sign with the milliseconds since 1970 of now.",
        { now: refusal.now },
      );
    case "too_many_changes":
      return problem(
        429,
        "too_many_acceptances",
        `The spender has accepted this account ${refusal.limit} times. ` +
          "Use another key or wallet.",
        { limit: refusal.limit },
      );
    case "too_many_accounts":
      return problem(
        429,
        "too_many_acceptances",
        `The spender accepts ${refusal.limit} accounts, its maximum. ` +
          "End the acceptance of one at /v1/acceptances/end.",
        { limit: refusal.limit },
      );
    case "too_many_allowances": {
      const { bound, limit } = refusal;
      return problem(429, refusal.reason, MORE_ALLOWANCES[bound](limit), { bound, limit });
    }
    default:
      return refusal satisfies never;
  }
}

/** What to do at each bound of allowances. */
const MORE_ALLOWANCES = {
  maxOffersPerAccount: (limit: number) =>
    `The account has ${limit} allowances that no spender has accepted. ` +
    "Let spenders accept some, revoke some, or issue grants from a campaign.",
  maxAllowancesPerAccount: (limit: number) =>
    `The account's owner has signed ${limit} allowances, the maximum. ` +
    "Issue grants from a campaign instead.",
  maxAllowancesPerPair: (limit: number) =>
    `The account has ${limit} allowances in force for this spender, the maximum. ` +
    "Revoke one first, or use another key.",
};
