import type { PriceRefusal } from "@compute-credits/rules/pricing/price";
import type { Shortage, UsabilityRefusal } from "@compute-credits/rules/spending/spendingDraft";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { type Problem, problem } from "./problem.ts";

/** Why something cannot be charged, or held: the same for usage events and for holds. */
export type ChargeRefusal =
  { readonly reason: PriceRefusal | "vault_frozen" } | UsabilityRefusal | Shortage;

/** The problem document of a charge that is refused: one for each reason, with what to do about it. */
export function chargeProblem(refusal: ChargeRefusal, { chainId, contract }: Deployment): Problem {
  const { reason } = refusal;
  switch (reason) {
    case "insufficient_credits":
    case "allowance_exhausted":
    case "campaign_exhausted":
    case "account_cap_reached": {
      const { account, availableMicros, neededMicros, heldMicros } = refusal;
      const missingMicros = neededMicros - availableMicros;
      return problem(402, reason, DETAILS[reason], {
        account,
        availableMicros,
        neededMicros,
        missingMicros,
        heldMicros,
        // What is on hold may come back: then the same request can succeed without anyone buying anything.
        waitMayHelp: heldMicros >= missingMicros,
        chainId,
        contract,
      });
    }
    case "vault_frozen":
      return problem(409, reason, DETAILS[reason], { chainId, contract });
    case "no_rate_card_in_force":
    case "unknown_meter":
    case "no_matching_rate":
    case "quantity_too_large":
      return problem(422, reason, DETAILS[reason]);
    case "allowance_not_found":
    case "access_not_granted":
    case "allowance_out_of_scope":
    case "allowance_revoked":
    case "campaign_revoked":
    case "allowance_expired":
    case "allowance_not_started":
      return problem(403, reason, DETAILS[reason]);
    default:
      return reason satisfies never;
  }
}

const DETAILS: Readonly<Record<ChargeRefusal["reason"], string>> = {
  insufficient_credits:
    "The account has too few credits: anyone can buy some for it, with buy(account, creditMicros) on the contract.",
  allowance_exhausted:
    "The allowance's limit is reached: it is renewed with the next period, or the owner signs another.",
  campaign_exhausted:
    "The campaign that the allowance was granted out of is used up: its owner signs another, or its next period renews it.",
  account_cap_reached:
    "The account may not be charged beyond the cap that its owner signed: the owner signs an allowance with a higher accountCap.",
  vault_frozen:
    "The vault is frozen: nothing can be settled any more, so nothing is metered. Accounts take their credits out on chain.",
  no_rate_card_in_force: "No rate card was in force at that time.",
  unknown_meter: "The rate card has no such meter: GET /v1/rate-cards lists them.",
  no_matching_rate:
    "The rate card has this meter, but no rate for these dimensions: GET /v1/rate-cards lists them.",
  quantity_too_large: "At its rate this quantity costs more credits than can exist.",
  allowance_not_found:
    "Nobody has given this spender an allowance: an account's owner signs one and posts it to /v1/allowances.",
  access_not_granted:
    "The spender has not given this provider access: post its API key, or its wallet's signature, to /v1/provider-access.",
  allowance_out_of_scope: "The spender's allowance is not good for this provider or meter.",
  allowance_revoked:
    "The spender's allowance was revoked by its owner, or voided by a refund request.",
  campaign_revoked: "The campaign that the spender's allowance was granted out of was revoked.",
  allowance_expired: "The spender's allowance has expired.",
  allowance_not_started: "The spender's allowance has not begun yet.",
};
