import type { CHARGE_REFUSALS } from "@compute-credits/api/problems/chargeRefusals";
import type { PriceRefusal } from "@compute-credits/rules/pricing/price";
import type { Shortage, UsabilityRefusal } from "@compute-credits/rules/spending/spendingDraft";
import { type Problem, problem } from "./problem.ts";
import { type Sale, purchaseOf } from "./sale.ts";

/** Why work cannot be charged, for usage events, holds, prices and quotes alike. */
export type ChargeRefusal =
  { readonly reason: PriceRefusal | "vault_frozen" } | UsabilityRefusal | Shortage;

/** Maps each refusal of a charge to its problem document. */
export function chargeProblem(refusal: ChargeRefusal, sale: Sale): Problem {
  const { reason } = refusal;
  const { chainId, contract } = sale;
  switch (reason) {
    case "insufficient_credits":
    case "allowance_exhausted":
    case "campaign_exhausted":
    case "account_cap_reached":
    case "cap_not_recorded": {
      const { account, availableMicros, neededMicros, heldMicros } = refusal;
      const missingMicros = neededMicros - availableMicros;
      return problem(402, reason, DETAILS[reason], {
        server: sale.serverUrl(),
        account,
        availableMicros,
        neededMicros,
        missingMicros,
        heldMicros,
        // Holds may release enough credits for the same request to succeed.
        waitMayHelp: heldMicros >= missingMicros,
        chainId,
        contract,
        buy: reason === "insufficient_credits" ? purchaseOf(account, missingMicros, sale) : null,
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
    case "account_not_accepted":
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

/** Of exactly the reasons that the API's document names for charges. */
const DETAILS: Readonly<Record<(typeof CHARGE_REFUSALS)[number], string>> = {
  insufficient_credits:
    "The account has too few credits. Anyone can buy some for it: " +
    "buy(account, creditMicros) on the contract, as `buy` says.",
  allowance_exhausted:
    "The allowance's limit is reached. " +
    "Wait for its next period, or let the account's owner sign another.",
  campaign_exhausted:
    "The campaign of this grant is used up. " +
    "Wait for its next period, or let its owner sign another.",
  account_cap_reached:
    "The account would exceed the cap that its owner signed. " +
    "Let the owner sign an allowance with a higher accountCap.",
  cap_not_recorded:
    "The account is a contract wallet, which may spend only up to the cap that the court has on " +
    "record. Let anyone record the allowance's cap on chain, recordCap(allowance, signature) on " +
    "the contract's court(), and send this again once that is confirmed.",
  vault_frozen:
    "The vault is frozen on chain, so nothing is metered. " +
    "Accounts take their credits out on chain.",
  no_rate_card_in_force: "No rate card was in force at that time. Check the time.",
  unknown_meter: "The rate card has no such meter. GET /v1/rate-cards lists its meters.",
  no_matching_rate:
    "The rate card has no rate of this meter for these dimensions. GET /v1/rate-cards lists them.",
  quantity_too_large:
    "The quantity would cost more credits than can exist. Check the unit of the quantity.",
  allowance_not_found:
    "The spender has no allowance. Let an account's owner sign one and post it to /v1/allowances.",
  account_not_accepted:
    "An account has signed an allowance for the spender, which has not accepted the account. " +
    "Send the account to /v1/acceptances with the spender's key, or its wallet's signature.",
  access_not_granted:
    "The spender has not given this provider access. " +
    "Post its API key, or its wallet's signature, to /v1/provider-access. " +
    "Nothing else about it is told to you before that, not even whether it has an allowance.",
  allowance_out_of_scope:
    "The spender's allowance excludes this provider or meter. " +
    "Let the owner sign one with a wider scope.",
  allowance_revoked:
    "The spender's allowance was revoked by its owner, or voided by a refund request. " +
    "Let the owner sign another.",
  campaign_revoked: "The campaign of this grant was revoked. Ask the issuer for another grant.",
  allowance_expired: "The spender's allowance has expired. Let the owner sign another.",
  allowance_not_started: "The spender's allowance has not started yet. Wait until its startsAt.",
};
