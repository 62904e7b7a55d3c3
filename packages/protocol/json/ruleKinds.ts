/** What an account must have done to claim a grant of a campaign's rule. */
export const RULE_KINDS = ["first_purchase", "first_day", "referral", "first_paid_job"] as const;

export type RuleKind = (typeof RULE_KINDS)[number];
