import type { Address } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { UsabilityRefusal } from "@compute-credits/rules/spending/spendingDraft";
import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { byteaArray } from "@compute-credits/platform/postgres/values";
import { isAliveSql } from "../acceptances/acceptanceRecord.ts";

export interface Refused<Refusal> {
  readonly provider: Address;
  readonly spender: SpenderId;
  readonly refusal: Refusal;
}

/** What a refusal tells of a spender's allowances. */
const TELLING: ReadonlySet<string> = new Set<UsabilityRefusal["reason"]>([
  "allowance_not_found",
  "allowance_out_of_scope",
  "allowance_revoked",
  "campaign_revoked",
  "allowance_expired",
  "allowance_not_started",
]);

/**
 * Returns the refusals with the reason that is best for their reader. A provider that has nothing to
 * do with the spender learns nothing of its allowances, not even whether there are any. To others,
 * tells whether some wait for the spender's acceptance: decisions do not see those at all.
 */
export async function explainRefusals<Refusal extends { readonly reason: string }>(
  sql: Sql,
  refused: readonly Refused<Refusal>[],
): Promise<readonly (Refusal | UsabilityRefusal)[]> {
  const telling = refused.filter(({ refusal }) => TELLING.has(refusal.reason));
  if (telling.length === 0) return refused.map(({ refusal }) => refusal);
  const found = await readStandings(sql, telling);
  return refused.map(({ provider, spender, refusal }) => {
    if (!TELLING.has(refusal.reason)) return refusal;
    const standing = found.get(`${spender} ${provider}`);
    // What else it says, such as the line of a hold, stays.
    if (standing === undefined) return { ...refusal, reason: "access_not_granted" as const };
    return refusal.reason === "allowance_not_found" && standing.hasOffers
      ? { ...refusal, reason: "account_not_accepted" as const }
      : refusal;
  });
}

/** Whether allowances wait for acceptance, by the pairs of a spender and a provider it may know. */
async function readStandings(
  sql: Sql,
  pairs: readonly Pick<Refused<unknown>, "provider" | "spender">[],
): Promise<ReadonlyMap<string, { readonly hasOffers: boolean }>> {
  // Plan: provider_access by primary key, allowances_of_spender, offers_of_spender.
  const found = await sql.query<{ spender: SpenderId; provider: Address; hasOffers: boolean }>(
    `select spender, provider, exists (
         select from allowances l join accounts a on a.address = l.account
         where l.spender = asked.spender and not l.accepted
           and ${isAliveSql("clock_timestamp()")}) as "hasOffers"
     from (select distinct * from unnest($1::bytea[], $2::bytea[])) as asked (spender, provider)
     where exists (select from provider_access g
         where g.spender = asked.spender and g.provider = asked.provider and g.revoked_at is null)
       or exists (select from allowances l where l.spender = asked.spender and l.accepted
         and asked.provider = any(l.scope_providers))
       or exists (select from allowances l where l.spender = asked.spender and not l.accepted
         and asked.provider = any(l.scope_providers))`,
    [
      byteaArray(pairs.map(({ spender }) => spender)),
      byteaArray(pairs.map(({ provider }) => provider)),
    ],
  );
  return new Map(
    found.map(({ spender, provider, hasOffers }) => [`${spender} ${provider}`, { hasOffers }]),
  );
}

/** The outcomes of events, with the better reason. */
export async function explainOutcomes(
  sql: Sql,
  events: readonly UsageEvent[],
  outcomes: readonly UsageOutcome[],
): Promise<readonly UsageOutcome[]> {
  const refused = outcomes.flatMap((outcome, index) => {
    const event = events[index];
    return outcome.result === "refused" && event !== undefined
      ? { index, spender: event.spender, provider: event.provider, refusal: outcome.refusal }
      : [];
  });
  const refusals = await explainRefusals(sql, refused);
  const byIndex = new Map(refused.map(({ index }, n) => [index, refusals[n]]));
  return outcomes.map((outcome, index) => {
    const refusal = byIndex.get(index);
    return refusal === undefined ? outcome : { result: "refused", refusal };
  });
}
