import { formatCredits } from "@compute-credits/protocol/amounts";
import { type Problem, problem } from "../../http/problem.ts";
import type { ClaimOutcome, SetRuleOutcome } from "../../stores/issuing/campaignRuleStore.ts";
import { grantProblem } from "./grantProblem.ts";

type RefusalOf<Outcome> =
  Extract<Outcome, { readonly result: "refused" }> extends {
    readonly refusal: infer Refusal;
  }
    ? Refusal
    : never;

export type RuleRefusal = RefusalOf<ClaimOutcome> | RefusalOf<SetRuleOutcome>;

/** Maps each refusal of a campaign's rule or of a claim to its problem document. */
export function ruleProblem(refusal: RuleRefusal): Problem {
  const { reason } = refusal;
  switch (reason) {
    case "rule_not_found":
      return problem(404, reason, "The campaign has no rule, so nothing can be claimed of it.");
    case "rule_conflict":
      return problem(
        409,
        reason,
        "The campaign has another rule, for good. Sign another campaign for this one.",
      );
    case "rule_never_met":
      return problem(
        409,
        reason,
        "The account can never meet the rule: what it did first was before the rule, or too little.",
      );
    case "rule_not_met":
      return problem(
        409,
        reason,
        `The account does not meet the rule yet: ${formatCredits(refusal.missingMicros)} credits ` +
          "are missing in its row of the last final checkpoint, or in that of its referrer.",
        { missingMicros: `${refusal.missingMicros}` },
      );
    case "rule_closed":
      return problem(403, reason, "The issuer closed the rule: nothing can be claimed any more.");
    case "rule_expired":
      return problem(403, reason, "The time to claim has passed.");
    case "rule_used_up":
      return problem(409, reason, "As many accounts as the rule grants to have claimed.");
    case "wrong_referrer":
      return problem(
        422,
        reason,
        "Only a referral has a referrer, and it is another account. Name the one that brought you.",
      );
    case "grant_already_claimed":
      return problem(
        409,
        reason,
        "The account's grant belongs to another of its spenders. Spend with that one.",
      );
    case "not_the_accounts_spender":
      return problem(
        403,
        reason,
        "The account signed no allowance for this key. Claim with the account's wallet, or with a " +
          "key that it signed an allowance for.",
      );
    default:
      return grantProblem(refusal);
  }
}

/** A rule that cannot be set, because no account at all could meet it. */
export function neverMetProblem(): Problem {
  return problem(
    422,
    "rule_never_met",
    "No account could ever meet this rule, or spend its grant: claimBy is over, or a limit is 0.",
  );
}
