import type { Database } from "@compute-credits/platform/postgres/database";
import { ACCOUNTS, PROVIDER } from "./parties.ts";

/** Fills the log with a year's usage rows of the first accounts, without changing balances. */
export async function fillLog(
  database: Database,
  rows: number,
  accounts = ACCOUNTS,
): Promise<void> {
  const indexes = await database.query<{ name: string; definition: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
     from pg_index where indrelid = 'debits'::regclass and not indisprimary`,
  );
  // Loads without indexes and builds them once at the end: with them it would take hours.
  for (const { name } of indexes) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await database.script(`drop index ${name}`);
  }
  await database.script(`
    begin;
    ${ROOM_TO_SORT};
    alter table debits drop constraint debits_pkey;
    insert into debits (provider, event_id, part, account, allowance, spender, meter, quantity,
        dimensions, occurred_at, recorded_at, rate_card, amount_micros, fee_micros, payload_hash)
      select decode('${PROVIDER.slice(2)}', 'hex'), gen_random_uuid()::text, 0, address,
        sha256(address), decode(repeat('00', 12), 'hex') || address, 'units', 3, '{"region": "eu"}',
        at, at, 1, 0, 0, sha256(address)
      from (
        select decode(lpad(to_hex(1 + (i::bigint * 7919) % ${accounts}), 40, '0'),
          'hex') as address,
          now() - make_interval(secs => (${rows} - i) * (31536000.0 / ${rows})) as at
        from generate_series(1, ${rows}) i
      ) as made;
    alter table debits add primary key (provider, event_id, part);
    commit;
  `);
  for (const { definition } of indexes) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await database.script(`begin; ${ROOM_TO_SORT}; ${definition}; commit`);
  }
  await database.script("vacuum analyze debits");
}

/** Lets PostgreSQL sort an index of millions of rows in memory. */
const ROOM_TO_SORT = "set local maintenance_work_mem = '1GB'";
