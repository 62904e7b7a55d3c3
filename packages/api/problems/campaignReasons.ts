import { reason } from "./reason.ts";

export const CAMPAIGNS = {
  campaign_is_grant: reason(
    [422],
    "The allowance was itself granted.",
    "Issue from the campaign that its owner signed.",
  ),
  campaign_revoked: reason(
    [403],
    "The campaign was revoked, or its counter is stale.",
    "Its owner signs another.",
  ),
  campaign_expired: reason([403], "The campaign has expired.", "Its owner signs another."),
  beyond_campaign: reason(
    [422],
    "The grant's `field` is wider than the campaign's.",
    "Stay within the campaign's terms.",
  ),
  grant_expired: reason(
    [422],
    "The grant would have expired already.",
    "Give it a later `expiresAt`.",
  ),
  grant_id_conflict: reason(
    [409],
    "The campaign has another grant with this id.",
    "Give each grant its own id.",
  ),
  too_many_grants: reason(
    [429],
    "The campaign has its maximum of grants and codes.",
    "Use another campaign.",
  ),
  code_conflict: reason(
    [409],
    "The campaign has this code with other terms.",
    "Make another code.",
  ),
  code_not_found: reason([404], "The campaign has no such code.", "Check its spelling."),
  code_closed: reason([403], "The issuer closed the code.", "Ask the issuer for another."),
  code_expired: reason([403], "The code's `redeemBy` has passed.", "Ask the issuer for another."),
  code_used_up: reason(
    [409],
    "The code was redeemed `maxRedemptions` times.",
    "Ask the issuer for another.",
  ),
};
