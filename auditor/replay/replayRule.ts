import type { Address } from "viem";

import { walletSpender } from "@compute-credits/protocol/messages/spender";
import {
  type ClaimFacts,
  claimGrant,
  isRuleGrant,
} from "@compute-credits/rules/grants/campaignRule";
import { mayIssue } from "@compute-credits/rules/grants/issuer";
import type { LogEntryOf } from "@compute-credits/rules/log/logEntry";
import { type AuditState, claimName } from "./auditState.ts";

/** Adds a campaign's rule, if its issuer may issue from the campaign. The first one counts. */
export function replayRule(
  state: AuditState,
  { campaign: id, terms, issuer, sinceBlock, at }: LogEntryOf<"campaign_rule">,
): void {
  const campaign = state.allowances.get(id);
  if (campaign === undefined || campaign.campaign !== null || state.rules.has(id)) return;
  if (!mayIssue(campaign, issuer, state.issuingKeys.get(issuer) ?? null)) return;
  state.setRule(id, { ...terms, issuer, sinceBlock, setAt: at, closedAt: null, grants: 0n });
}

export function replayRuleEnd(
  state: AuditState,
  { campaign, at }: LogEntryOf<"campaign_rule_end">,
): void {
  const rule = state.rules.get(campaign);
  if (rule?.closedAt === null) state.setRule(campaign, { ...rule, closedAt: at });
}

/**
 * Records a claim, if the rule gives this account just this grant, and gave it none before. The
 * grant of any other claim does not count as signed.
 */
export function replayClaim(state: AuditState, entry: LogEntryOf<"rule_claim">): void {
  const { campaign: id, account, spender, referrer, grant, at } = entry;
  const [rule, campaign] = [state.rules.get(id), state.allowances.get(id)];
  const name = claimName(id, account);
  if (rule === undefined || campaign === undefined || state.claims.has(name)) return;
  if (!isSpenderOf(state, entry)) return;
  const drafted = claimGrant(rule, campaign, {
    account,
    spender,
    facts: factsOf(state, account),
    referrer:
      referrer === null
        ? null
        : { account: referrer, finalSpentMicros: state.party(referrer).finalSpent },
    now: at,
  });
  if ("reason" in drafted || drafted.id !== grant) return;
  state.setClaim(name, grant);
  state.setRule(id, { ...rule, grants: rule.grants + 1n });
}

/** Whether a grant that a rule gave was claimed as the rule allows. Others need no claim. */
export function wasClaimed(state: AuditState, entry: LogEntryOf<"grant">): boolean {
  return !isRuleGrant(entry.key) || state.claims.get(claimOfGrant(entry)) === entry.id;
}

/** The name of the claim that a grant with the key `rule <account>` needs. */
export function claimOfGrant({ campaign, key }: LogEntryOf<"grant">): string {
  return `${campaign} ${key.slice("rule ".length)}`;
}

function isSpenderOf(
  state: AuditState,
  { account, spender }: { readonly account: Address; readonly spender: `0x${string}` },
): boolean {
  return (
    spender === walletSpender(account) ||
    state
      .ofSpender(spender)
      .some(
        ({ campaign, isSigned, message }) =>
          campaign === null && isSigned && message.account === account,
      )
  );
}

/** The auditor's own numbers. Its table of the last counting cut has no less than the final one. */
function factsOf(state: AuditState, account: Address): ClaimFacts {
  const { firstUse, firstPaidAt, finalSpent, finalEarned } = state.party(account);
  return {
    firstPurchase: state.firstPurchases.get(account) ?? null,
    firstUse,
    firstPaidAt,
    finalSpentMicros: finalSpent,
    finalEarnedMicros: finalEarned,
  };
}
