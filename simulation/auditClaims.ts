import type { Address, Hex } from "viem";

import type { Sql } from "@compute-credits/platform/postgres/database";
import { DisagreementError } from "./disagreement.ts";
import type { Journal, JournalledClaim } from "./journal.ts";

interface RuleRow {
  readonly campaign: Hex;
  readonly grants: bigint;
  readonly most: bigint;
  readonly set_at: Date;
}

interface ClaimedRow {
  readonly campaign: Hex;
  readonly account: Address;
  readonly id: Hex;
  readonly first_use: Date | null;
  readonly first_paid: Date | null;
  readonly spent: bigint;
  readonly earned: bigint;
}

/** Reads rules, and their grants with what the accounts had done. */
export async function readClaims(sql: Sql) {
  const rules = await sql.query<RuleRow>(
    "select campaign, grants, max_grants as most, set_at from campaign_rules",
  );
  // A row that counts grows only, so the largest is the newest.
  const claimed = await sql.query<ClaimedRow>(
    `with rule_grants as (
       select campaign, id, decode(substr(grant_key, 8), 'hex') as party from signed_allowances
       where grant_key like 'rule 0x%'
     )
     select campaign, '0x' || encode(party, 'hex') as account, id,
       (select min(recorded_at) from debits where account = party) as first_use,
       (select min(recorded_at) from debits where provider = party) as first_paid,
       coalesce((select max(r.spent) from checkpoint_rows r join checkpoints c on c.id = checkpoint
         where r.party = rule_grants.party and not dropped), 0) as spent,
       coalesce((select max(r.earned) from checkpoint_rows r join checkpoints c on c.id = checkpoint
         where r.party = rule_grants.party and not dropped), 0) as earned
     from rule_grants`,
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
  const setAt = new Map(rules.map((rule) => [rule.campaign, rule.set_at]));
  for (const row of claimed) {
    const terms = journal.rules.get(row.campaign);
    const since = setAt.get(row.campaign);
    if (terms === undefined || since === undefined) {
      throw new DisagreementError("a grant of an unknown rule", { row });
    }
    const isJob = terms.kind === "first_paid_job";
    const micros = isJob ? row.earned : row.spent;
    const first = isJob ? row.first_paid : row.first_use;
    if (micros < terms.atLeastMicros || first === null || first < since) {
      throw new DisagreementError("granted for too little, or too early", { row, terms, since });
    }
  }
  for (const [name, claims] of journal.claims) auditAnswers(claims, grants.get(name)?.id ?? null);
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
