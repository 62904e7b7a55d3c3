import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { bytea, byteaArray } from "@compute-credits/platform/postgres/values";
import { enterIntoLog } from "../acceptances/acceptanceRecord.ts";
import { writeNotes } from "../log/writeNotes.ts";
import { lockAccount } from "./lockAccount.ts";
import { ISSUING_KEYS, type RevokedKey } from "./issuingKeyStore.ts";

/** Debits of the account wait while one transaction revokes so many grants: some milliseconds. */
const GRANTS_PER_TRANSACTION = 500;

/**
 * Revokes the grants that a revoked key issued, up to a bound, and closes its codes and rules. The key cannot
 * issue others in the meantime.
 */
export async function revokeGrantsOf(
  database: Database,
  { account, keyHash }: { readonly account: Address; readonly keyHash: Hex },
): Promise<Pick<RevokedKey, "grants" | "hasMore">> {
  if (await hasOpenOffers(database, keyHash)) {
    await database.transaction(async (tx) => {
      // Redemptions and claims take this lock, too: each is before this, and its grant is found below.
      await lockAccount(tx, account);
      const closed = await tx.query<{ campaign: Hex; codeHash: Hex; at: Date }>(
        `update promotion_codes set closed_at = clock_timestamp()
         where issuer = $1 and closed_at is null
         returning campaign, code_hash as "codeHash", closed_at as at`,
        [bytea(keyHash)],
      );
      const rules = await tx.query<{ campaign: Hex; at: Date }>(
        `update campaign_rules set closed_at = clock_timestamp()
         where issuer = $1 and closed_at is null returning campaign, closed_at as at`,
        [bytea(keyHash)],
      );
      await writeNotes(tx, [
        ...closed.map((code) => ({ kind: "code_end", ...code }) as const),
        ...rules.map((rule) => ({ kind: "campaign_rule_end", ...rule }) as const),
      ]);
    });
  }
  let grants = 0;
  while (grants < ISSUING_KEYS.grantsPerRevocation) {
    // oxlint-disable-next-line no-await-in-loop -- short transactions, one after the other
    const found = await nextGrants(database, keyHash);
    if (found.length === 0) return { grants, hasMore: false };
    // oxlint-disable-next-line no-await-in-loop -- debits go on between two of them
    grants += await database.transaction((tx) => revokeAll(tx, account, found));
  }
  return { grants, hasMore: (await nextGrants(database, keyHash)).length > 0 };
}

async function hasOpenOffers(sql: Sql, keyHash: Hex): Promise<boolean> {
  // Plan: codes_of_issuer, rules_of_issuer.
  const open = await sql.query(
    `(select from promotion_codes where issuer = $1 and closed_at is null limit 1)
     union all (select from campaign_rules where issuer = $1 and closed_at is null limit 1)`,
    [bytea(keyHash)],
  );
  return open.length > 0;
}

async function nextGrants(sql: Sql, keyHash: Hex): Promise<readonly Hex[]> {
  // Plan: grants_of_issuer, then allowance_usage by primary key.
  const records = await sql.query<{ id: Hex }>(
    `select id from allowances where issuer = $1 and revoked_at is null
     order by created_at, id limit $2`,
    [bytea(keyHash), GRANTS_PER_TRANSACTION],
  );
  return records.map(({ id }) => id);
}

/**
 * Revokes the grants that a spender's API key issued, before there were issuing keys, and that a
 * provider may bill: the provider that was shown the key may have issued them to itself. No others
 * can be issued in the meantime. Takes no lock if there are none.
 */
export async function revokeSelfIssued(
  database: Database,
  { spender, provider }: { readonly spender: SpenderId; readonly provider: Address },
): Promise<void> {
  for (;;) {
    // Plan: allowances_of_spender and offers_of_spender, then grants_of_campaign.
    // oxlint-disable-next-line no-await-in-loop -- short transactions, one after the other
    const found = await database.query<{ id: Hex; account: Address }>(
      `select g.id, g.account from (
           select id from signed_allowances where spender = $1 and accepted
           union all
           select id from signed_allowances where spender = $1 and not accepted) c
         join signed_allowances g on g.campaign = c.id join allowance_usage u on u.id = g.id
       where g.issuer is null and u.revoked_at is null
         and ($2 = any(g.scope_providers) or exists (
           select from provider_access a where a.spender = g.spender and a.provider = $2))
       limit $3`,
      [bytea(spender), bytea(provider), GRANTS_PER_TRANSACTION],
    );
    if (found.length === 0) return;
    for (const [account, grants] of Map.groupBy(found, (grant) => grant.account)) {
      const ids = grants.map(({ id }) => id);
      // oxlint-disable-next-line no-await-in-loop -- debits go on between two of them
      await database.transaction((tx) => revokeAll(tx, account, ids));
    }
  }
}

/** Revokes grants of one account and logs each. Returns how many were still open. */
async function revokeAll(tx: Sql, account: Address, ids: readonly Hex[]): Promise<number> {
  await lockAccount(tx, account);
  const revoked = await tx.query<{ id: Hex }>(
    `update allowance_usage set revoked_at = clock_timestamp()
     where id = any($1::bytea[]) and revoked_at is null returning id`,
    [byteaArray(ids)],
  );
  const opened = revoked.map(({ id }) => id);
  await enterIntoLog(tx, opened);
  // Without a signature: the owner's is in the note of the key or of the access.
  await writeNotes(
    tx,
    opened.map((id) => ({ kind: "revocation", allowance: id, signature: null })),
  );
  return opened.length;
}
