import type { Address, Hex } from "viem";

import type { RuleTerms } from "@compute-credits/rules/grants/campaignRule";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { DisagreementError } from "./disagreement.ts";
import type { Journal, JournalledClaim } from "./journal.ts";

interface RuleRow {
  readonly campaign: Hex;
  readonly grants: bigint;
  readonly most: bigint;
  readonly set_at: Date;
  /** purchases of later blocks count */
  readonly since_block: bigint;
}

interface ClaimedRow {
  readonly campaign: Hex;
  readonly account: Address;
  readonly id: Hex;
  readonly first_use: Date | null;
  readonly first_paid: Date | null;
  /** of the first purchase */
  readonly bought_at: bigint | null;
  readonly bought: bigint | null;
  /** of the claim in the log */
  readonly referrer: Address | null;
  /** of the referrer's row */
  readonly referred_by_spent: bigint;
  readonly spent: bigint;
  readonly earned: bigint;
}

/** Reads rules, and their grants with what the accounts had done. */
export async function readClaims(sql: Sql) {
  const rules = await sql.query<RuleRow>(
    "select campaign, grants, max_grants as most, set_at, since_block from campaign_rules",
  );
  // A row that counts grows only, so the largest is the newest.
  const claimed = await sql.query<ClaimedRow>(
    `with rule_grants as (
       select campaign, id, decode(substr(grant_key, 8), 'hex') as party from signed_allowances
       where grant_key like 'rule 0x%'
     ), claims as (
       select body->>'grant' as grant_id, body->>'referrer' as referrer from log_notes
       where kind = 'rule_claim'
     )
     select campaign, '0x' || encode(party, 'hex') as account, id,
       (select min(recorded_at) from debits where account = party) as first_use,
       (select min(recorded_at) from debits where provider = party) as first_paid,
       coalesce((select max(r.spent) from checkpoint_rows r join checkpoints c on c.id = checkpoint
         where r.party = rule_grants.party and not dropped), 0) as spent,
       coalesce((select max(r.earned) from checkpoint_rows r join checkpoints c on c.id = checkpoint
         where r.party = rule_grants.party and not dropped), 0) as earned,
       bought.block_number as bought_at, bought.amount_micros as bought, claims.referrer,
       coalesce((select max(r.spent) from checkpoint_rows r join checkpoints c on c.id = checkpoint
         where '0x' || encode(r.party, 'hex') = claims.referrer and not dropped), 0)
         as referred_by_spent
     from rule_grants
       left join claims on claims.grant_id = '0x' || encode(id, 'hex')
       left join lateral (select block_number, amount_micros from purchases
         where account = rule_grants.party order by block_number, log_index limit 1)
         as bought on true`,
  );
  return { rules, claimed };
}

/**
 * Checks that each rule granted to an account once at most, to no more than it may, and only for
 * what is in a checkpoint and came after it; and that every acknowledged grant is there.
 */
export function auditClaims(
  { rules, claimed }: Awaited<ReturnType<typeof readClaims>>,
  journal: Journal,
): void {
  const grants = new Map(claimed.map((row) => [`${row.campaign} ${row.account}`, row]));
  if (grants.size !== claimed.length) throw new DisagreementError("granted twice", { claimed });
  for (const rule of rules) {
    const count = claimed.filter(({ campaign }) => campaign === rule.campaign).length;
    if (rule.grants !== BigInt(count) || rule.grants > rule.most) {
      throw new DisagreementError("a rule counts other grants", { rule, count });
    }
  }
  const byCampaign = new Map(rules.map((rule) => [rule.campaign, rule]));
  for (const row of claimed) {
    const terms = journal.rules.get(row.campaign);
    const rule = byCampaign.get(row.campaign);
    if (terms === undefined || rule === undefined) {
      throw new DisagreementError("a grant of an unknown rule", { row });
    }
    if (!isMet(terms, rule, row)) {
      throw new DisagreementError("granted for too little, or too early", { row, terms, rule });
    }
  }
  for (const [name, claims] of journal.claims) auditAnswers(claims, grants.get(name)?.id ?? null);
}

/** Whether the account did what the rule asks, after the rule was set, and it is final. */
function isMet(
  { kind, atLeastMicros: least }: RuleTerms,
  { set_at: setAt, since_block: sinceBlock }: RuleRow,
  row: ClaimedRow,
): boolean {
  const isNewcomer = row.bought_at !== null && row.bought_at > sinceBlock;
  switch (kind) {
    case "first_purchase":
      return isNewcomer && row.bought !== null && row.bought >= least && row.spent >= least;
    case "referral":
      return (
        isNewcomer &&
        row.spent >= least &&
        row.referrer !== null &&
        row.referrer !== row.account &&
        row.referred_by_spent >= least
      );
    case "first_day":
      return row.first_use !== null && row.first_use >= setAt && row.spent >= least;
    case "first_paid_job":
      return row.first_paid !== null && row.first_paid >= setAt && row.earned >= least;
    default:
      return kind satisfies never;
  }
}

function auditAnswers(claims: readonly JournalledClaim[], stored: Hex | null): void {
  const granted = claims.filter(({ grant }) => grant !== null);
  if (granted.length === 0) return;
  const firsts = granted.filter(({ repeated }) => !repeated);
  const mayBeLost = claims.some(({ lost }) => lost > 0);
  const isOnce = firsts.length === 1 || (firsts.length === 0 && mayBeLost);
  if (!isOnce || granted.some(({ grant }) => grant !== stored)) {
    throw new DisagreementError("an acknowledged claim is lost, or was granted twice", {
      claims,
      stored,
    });
  }
}
