import { reason } from "./reason.ts";

/** Of campaigns' rules and the claims of accounts. */
export const RULES = {
  rule_not_found: reason([404], "The campaign has no rule.", "Ask its issuer which campaign has."),
  rule_conflict: reason(
    [409],
    "The campaign has another rule.",
    "Sign another campaign: a rule is for good.",
  ),
  rule_never_met: reason(
    [409, 422],
    "No account, or not this one, can ever meet the rule.",
    "Nothing is to be done for this account.",
  ),
  rule_not_met: reason(
    [409],
    "The account does not meet the rule yet: `missingMicros`.",
    "Claim again when a final checkpoint has it.",
  ),
  rule_closed: reason([403], "The issuer closed the rule.", "Nothing is to be done."),
  rule_expired: reason([403], "The rule's `claimBy` has passed.", "Nothing is to be done."),
  rule_used_up: reason([409], "`maxGrants` accounts were granted to.", "Nothing is to be done."),
  wrong_referrer: reason(
    [422],
    "A referral names another account; no other rule does.",
    "Name the account that brought you.",
  ),
  grant_already_claimed: reason(
    [409],
    "Another spender of the account claimed its grant.",
    "Use that spender.",
  ),
  not_the_accounts_spender: reason(
    [403],
    "The account signed no allowance for this key.",
    "Claim with the account's wallet, or its key.",
  ),
};
