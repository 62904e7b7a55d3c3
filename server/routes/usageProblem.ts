import type { UsageRefusal } from "../domain/usage/outcome.ts";
import type { Deployment } from "../../protocol/domain.ts";
import { priceProblem } from "./priceProblem.ts";
import { type Problem, problem } from "./problem.ts";

/** The problem document of a refused event: one for each reason, with what to do about it. */
export function usageProblem(refusal: UsageRefusal, { chainId, contract }: Deployment): Problem {
  const { reason } = refusal;
  switch (reason) {
    case "event_id_conflict":
      return problem(
        409,
        reason,
        "This provider has already reported another event with this id. Nothing was charged again; give every event an id of its own.",
      );
    case "event_too_old":
      return problem(
        422,
        reason,
        `The event is older than ${refusal.limitSeconds} seconds, after which none is taken.`,
        {
          maxEventAgeSeconds: refusal.limitSeconds,
        },
      );
    case "event_in_future":
      return problem(
        422,
        reason,
        `The event is dated more than ${refusal.limitSeconds} seconds ahead of the ledger's clock: set yours.`,
        {
          maxEventAheadSeconds: refusal.limitSeconds,
        },
      );
    case "no_rate_card_in_force":
    case "unknown_meter":
    case "no_matching_rate":
    case "quantity_too_large":
      return priceProblem(reason);
    case "allowance_not_found":
      return problem(
        403,
        reason,
        "Nobody has given this spender an allowance: an account's owner signs one and posts it to /v1/allowances.",
      );
    case "access_not_granted":
      return problem(
        403,
        reason,
        "The spender has not given this provider access: post its API key, or its wallet's signature, to /v1/provider-access.",
      );
    case "allowance_out_of_scope":
      return problem(
        403,
        reason,
        "The spender's allowance is not good for this provider or meter.",
      );
    case "allowance_revoked":
      return problem(
        403,
        reason,
        "The spender's allowance was revoked by its owner, or voided by a refund request.",
      );
    case "allowance_expired":
      return problem(403, reason, "The spender's allowance has expired.");
    case "allowance_not_started":
      return problem(403, reason, "The spender's allowance has not begun yet.");
    case "insufficient_credits":
    case "allowance_exhausted":
    case "account_cap_reached": {
      const { account, availableMicros, neededMicros } = refusal;
      return problem(402, reason, REMEDIES[reason], {
        account,
        availableMicros,
        neededMicros,
        missingMicros: neededMicros - availableMicros,
        chainId,
        contract,
      });
    }
    default:
      return reason satisfies never;
  }
}

const REMEDIES = {
  insufficient_credits:
    "The account has too few credits: anyone can buy some for it, with buy(account, creditMicros) on the contract.",
  allowance_exhausted:
    "The allowance's limit is reached: it is renewed with the next period, or the owner signs another.",
  account_cap_reached:
    "The account may not be charged beyond the cap that its owner signed: the owner signs an allowance with a higher accountCap.",
} as const;
