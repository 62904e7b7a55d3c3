import type { BeyondCampaign } from "@compute-credits/rules/grants/grant";
import type { IssuingRefusal } from "@compute-credits/rules/grants/issuing";
import type { RedemptionRefusal } from "@compute-credits/rules/grants/promotionCode";
import type { TooMany } from "../../stores/allowances/grantStore.ts";
import { type Problem, problem } from "../../http/problem.ts";

export type GrantProblem =
  | IssuingRefusal
  | BeyondCampaign
  | RedemptionRefusal
  | TooMany
  | {
      readonly reason: "grant_expired" | "grant_id_conflict" | "code_conflict" | "code_not_found";
    };

/** The problem document of a grant or code that is refused, with what to do about it. */
export function grantProblem(refusal: GrantProblem): Problem {
  const { reason } = refusal;
  switch (reason) {
    case "campaign_is_grant":
      return problem(
        422,
        reason,
        "This allowance was itself granted: issue out of the campaign that its owner signed.",
      );
    case "campaign_revoked":
      return problem(
        403,
        reason,
        "The campaign was revoked, or voided by its owner: it grants nothing.",
      );
    case "campaign_expired":
      return problem(403, reason, "The campaign is over: its owner signs another.");
    case "beyond_campaign":
      return problem(
        422,
        reason,
        `Its ${refusal.field} goes beyond what the campaign's owner signed: keep within the campaign's.`,
        { field: refusal.field },
      );
    case "grant_expired":
      return problem(422, reason, "The grant would be over already.");
    case "grant_id_conflict":
      return problem(
        409,
        reason,
        "The campaign has another grant with this id: give every grant an id of its own.",
      );
    case "too_many_grants":
      return problem(
        429,
        reason,
        `The campaign has its ${refusal.limit} grants and codes, and may have no more: use another campaign.`,
        { limit: refusal.limit },
      );
    case "code_conflict":
      return problem(
        409,
        reason,
        "The campaign has this code with other terms: make another code.",
      );
    case "code_not_found":
      return problem(404, reason, "The campaign has no such code: check its letters.");
    case "code_closed":
      return problem(403, reason, "The code was closed by its issuer.");
    case "code_expired":
      return problem(403, reason, "The code could be redeemed until before now.");
    case "code_used_up":
      return problem(
        409,
        reason,
        `The code was redeemed ${refusal.maxRedemptions} times, and may not be again.`,
      );
    default:
      return reason satisfies never;
  }
}
