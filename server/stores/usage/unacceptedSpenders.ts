import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { UsabilityRefusal } from "@compute-credits/rules/spending/spendingDraft";
import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { byteaArray } from "@compute-credits/platform/postgres/values";
import { isAliveSql } from "../acceptances/acceptanceRecord.ts";

/**
 * Tells spenders without an allowance that counts whether some wait for their acceptance. Decisions
 * do not see those at all, so only a refusal asks. Returns the refusals, with the better reason.
 */
export async function explainUnaccepted<Refusal extends { readonly reason: string }>(
  sql: Sql,
  refused: readonly { readonly spender: SpenderId; readonly refusal: Refusal }[],
): Promise<readonly (Refusal | UsabilityRefusal)[]> {
  const spenders = new Set(
    refused.flatMap(({ spender, refusal }) =>
      refusal.reason === "allowance_not_found" ? spender : [],
    ),
  );
  if (spenders.size === 0) return refused.map(({ refusal }) => refusal);
  // Plan: offers_of_spender, one row per spender.
  const found = await sql.query<{ spender: SpenderId }>(
    `select spender from unnest($1::bytea[]) as wanted (spender)
     where exists (select from allowances l join accounts a on a.address = l.account
       where l.spender = wanted.spender and not l.accepted
         and ${isAliveSql("clock_timestamp()")})`,
    [byteaArray([...spenders])],
  );
  const unaccepted = new Set(found.map(({ spender }) => spender));
  return refused.map(({ spender, refusal }) =>
    refusal.reason === "allowance_not_found" && unaccepted.has(spender)
      ? { reason: "account_not_accepted" }
      : refusal,
  );
}

/** The outcomes of events, with the better reason. */
export async function explainOutcomes(
  sql: Sql,
  events: readonly UsageEvent[],
  outcomes: readonly UsageOutcome[],
): Promise<readonly UsageOutcome[]> {
  const refused = outcomes.flatMap((outcome, index) => {
    const spender = events[index]?.spender;
    return outcome.result === "refused" && spender !== undefined
      ? { index, spender, refusal: outcome.refusal }
      : [];
  });
  const refusals = await explainUnaccepted(sql, refused);
  const byIndex = new Map(refused.map(({ index }, n) => [index, refusals[n]]));
  return outcomes.map((outcome, index) => {
    const refusal = byIndex.get(index);
    return refusal === undefined ? outcome : { result: "refused", refusal };
  });
}
