import type { TimesRefusal } from "@compute-credits/rules/allowances/times";
import type { BeyondCampaign } from "@compute-credits/rules/grants/grant";
import type { IssuingRefusal } from "@compute-credits/rules/grants/issuing";
import type { RedemptionRefusal } from "@compute-credits/rules/grants/promotionCode";
import { type Problem, problem } from "../../http/problem.ts";
import type { AddRefusal } from "../../stores/allowances/allowanceStore.ts";
import type { TooMany } from "../../stores/allowances/grantStore.ts";
import { timesProblem } from "./timesProblem.ts";
import { acceptanceProblem } from "./acceptanceProblem.ts";

export type GrantRefusal =
  | AddRefusal
  | IssuingRefusal
  | BeyondCampaign
  | TimesRefusal
  | RedemptionRefusal
  | TooMany
  | {
      readonly reason: "grant_expired" | "grant_id_conflict" | "code_conflict" | "code_not_found";
    };

/** Maps each refusal of a grant or a promotion code to its problem document. */
export function grantProblem(refusal: GrantRefusal): Problem {
  const { reason } = refusal;
  switch (reason) {
    case "campaign_is_grant":
      return problem(
        422,
        reason,
        "This allowance was itself granted. Issue from the campaign that its owner signed.",
      );
    case "campaign_revoked":
      return problem(
        403,
        reason,
        "The campaign was revoked, or its account's counter was raised. " +
          "Let its owner sign another.",
      );
    case "campaign_expired":
      return problem(403, reason, "The campaign has expired. Let its owner sign another.");
    case "not_the_issuer":
      return problem(
        403,
        reason,
        "The issuing key was revoked, or is not for this campaign. Register another.",
      );
    case "beyond_campaign":
      return problem(
        422,
        reason,
        `The ${refusal.field} exceeds the campaign's: stay within what its owner signed.`,
        { field: refusal.field },
      );
    case "times_out_of_range":
    case "expires_before_start":
      return timesProblem(refusal);
    case "grant_expired":
      return problem(
        422,
        reason,
        "The grant would have expired already. Give it a later expiresAt.",
      );
    case "grant_id_conflict":
      return problem(
        409,
        reason,
        "The campaign has another grant with this id. Give every grant an id of its own.",
      );
    case "too_many_grants":
      return problem(
        429,
        reason,
        `The campaign has its maximum of ${refusal.limit} grants and codes. Use another campaign.`,
        { limit: refusal.limit },
      );
    case "code_conflict":
      return problem(
        409,
        reason,
        "The campaign has this code with other terms. Make another code.",
      );
    case "code_not_found":
      return problem(404, reason, "No campaign with this id has such a code. Check both.");
    case "code_closed":
      return problem(403, reason, "The issuer closed the code. Ask the issuer for another.");
    case "code_expired":
      return problem(
        403,
        reason,
        "The time to redeem the code has passed. Ask the issuer for another.",
      );
    case "code_used_up":
      return problem(
        409,
        reason,
        `The code was redeemed ${refusal.maxRedemptions} times, its maximum. ` +
          "Ask the issuer for another.",
      );
    case "acceptance_not_found":
    case "acceptance_outdated":
    case "acceptance_in_future":
    case "too_many_changes":
    case "too_many_accounts":
    case "too_many_allowances":
      return acceptanceProblem(refusal);
    default:
      return reason satisfies never;
  }
}
