import type { Address, Hex } from "viem";

import { jsonText } from "@compute-credits/protocol/jsonText";
import { StoredRule } from "@compute-credits/rules/log/storedJson";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { byteaArray, textArray } from "@compute-credits/platform/postgres/values";
import type { AuditState } from "../replay/auditState.ts";
import type { Subjects } from "./subjects.ts";

/** Loads what replaying a page's rules and claims needs, as far as the state does not have it. */
export async function loadRules(
  sql: Sql,
  state: AuditState,
  { rules, claims, buyers }: Pick<Subjects, "rules" | "claims" | "buyers">,
): Promise<void> {
  const campaigns = [...rules].filter((campaign) => !state.rules.has(campaign));
  if (campaigns.length > 0) {
    const found = await sql.query<{ campaign: Hex; body: unknown }>(
      "select campaign, body from campaign_rules where campaign = any($1::bytea[])",
      [byteaArray(campaigns)],
    );
    for (const { campaign, body } of found) state.rules.set(campaign, StoredRule.parse(body));
  }
  const names = [...claims].filter((name) => !state.claims.has(name));
  if (names.length > 0) {
    const found = await sql.query<{ name: string; grant_id: Hex }>(
      "select name, grant_id from rule_claims where name = any($1::text[])",
      [textArray(names)],
    );
    for (const { name, grant_id: grant } of found) state.claims.set(name, grant);
  }
  const unknown = [...buyers].filter((account) => !state.firstPurchases.has(account));
  if (unknown.length > 0) await loadFirstPurchases(sql, state, unknown);
}

async function loadFirstPurchases(
  sql: Sql,
  state: AuditState,
  accounts: readonly Address[],
): Promise<void> {
  // Plan: chain_events_purchases, once per account.
  const found = await sql.query<{ account: Address; block: bigint; amountMicros: bigint }>(
    `select distinct on (body->>'account') body->>'account' as account, block_number as block,
       (body->>'amountMicros')::numeric as "amountMicros"
     from chain_events
     where body->>'type' = 'purchased' and body->>'account' = any($1::text[])
     order by body->>'account', block_number, log_index`,
    [textArray(accounts)],
  );
  for (const account of accounts) state.firstPurchases.set(account, null);
  for (const { account, ...first } of found) state.firstPurchases.set(account, first);
}

/** Saves changed rules and new claims. */
export async function saveRules(sql: Sql, state: AuditState): Promise<void> {
  const campaigns = [...state.changed.rules].filter((campaign) => state.rules.has(campaign));
  if (campaigns.length > 0) {
    await sql.query(
      `insert into campaign_rules (campaign, body) select * from unnest($1::bytea[], $2::jsonb[])
       on conflict (campaign) do update set body = excluded.body`,
      [
        byteaArray(campaigns),
        textArray(campaigns.map((campaign) => jsonText(state.rules.get(campaign)))),
      ],
    );
  }
  const claims = [...state.changed.claims].flatMap((name) => {
    const grant = state.claims.get(name);
    return grant === undefined ? [] : [{ name, grant }];
  });
  if (claims.length === 0) return;
  await sql.query(
    `insert into rule_claims (name, grant_id) select * from unnest($1::text[], $2::bytea[])
     on conflict (name) do nothing`,
    [textArray(claims.map(({ name }) => name)), byteaArray(claims.map(({ grant }) => grant))],
  );
}
