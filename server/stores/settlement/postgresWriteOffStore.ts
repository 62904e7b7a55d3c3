import type { Address } from "viem";

import { takeOver, takeOverRoom, writeOff } from "@compute-credits/rules/accounts/writeOff";
import { submissionMarginSeconds } from "@compute-credits/rules/checkpoints/answerable";
import { readClock } from "@compute-credits/platform/postgres/clock";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { bytea, byteaArray, numberArray } from "@compute-credits/platform/postgres/values";
import { ACCOUNT_COLUMNS, type AccountRecord, toAccount } from "../accounts/accountRecord.ts";
import { newestRowSql } from "../checkpoints/rowsAt.ts";
import { CHECKPOINT_COLUMNS } from "../checkpoints/postgresCheckpointStore.ts";
import { writeNotes } from "../log/writeNotes.ts";
import { writeSpending } from "../usage/lockSpending.ts";
import type {
  ExpiringCoverage,
  UncoveredSpending,
  VoidableEvent,
  WriteOffStore,
} from "./writeOffStore.ts";

/** Bounds one transaction. The next cut goes on. */
const ACCOUNTS_PER_STEP = 1_000;

/** Later graces are reported by what could not be written off. */
const LATEST_ALARM = "1 day";

/** SQL: the last final checkpoint's id and tick, or zeros. */
const FINAL = `final as (
  select coalesce(max(id), 0) as id, coalesce(max(tick), 0) as tick from (
    select id, (select tick from checkpoints c where c.id = all_of.id) as tick
    from (select ${CHECKPOINT_COLUMNS} from checkpoints) as all_of
    where status = 'final' order by id desc limit 1) as newest)`;

/**
 * SQL: the highest cap of the account `a` that counts at the earliest end of a counter `since`.
 * Caps count if they are on record, or signed by a key: a contract wallet can disown its signature.
 */
const highestCapSql = (a: string, since: string) => `(
  select max(cap.micros) from (
      select r.counter, r.account_cap_micros as micros from recorded_caps r
        where r.account = ${a}.address
      union all
      select l.counter, l.account_cap_micros from signed_allowances l
        where l.account = ${a}.address and l.campaign is null and l.by_contract is not true) as cap
    left join ended_counters e on e.account = ${a}.address and e.counter = cap.counter
  where cap.counter = ${a}.counter or (cap.counter < ${a}.counter and e.ended_at >= ${since}))`;

/** SQL: the chain's time, which the submission of the next table will be later than. */
const NOW = "(select greatest(clock_timestamp(), block_time) from chain_cursor)";

export function createWriteOffStore(database: Database): WriteOffStore {
  return {
    async writeOff(payer, { counterGraceSeconds }) {
      const inForce = counterGraceSeconds - submissionMarginSeconds(counterGraceSeconds);
      const found = await readUncovered(database, inForce, null);
      if (found.length === 0 || payer === null) return { writtenOff: [], left: found };
      return await database.transaction((tx) => moveTo(tx, payer, { inForce, found }));
    },

    async voidableEvents(account, limit) {
      // Plan: debits_of_account backwards from its end; voids by primary key.
      return await database.query<VoidableEvent>(
        `select d.provider, d.event_id as id, sum(d.amount_micros) as "amountMicros" from debits d
         where d.account = $1 and d.recorded_at > coalesce((
             select max(cut_at) from checkpoints where not dropped), '-infinity')
           and not exists (select from voids v where v.provider = d.provider
             and v.event_id = d.event_id)
         group by d.provider, d.event_id, d.recorded_at
         order by d.recorded_at desc, max(d.log_order) desc limit $2`,
        [bytea(account), limit],
      );
    },

    async expiringCoverage({ counterGraceSeconds, withinSeconds, limit }) {
      const alarmAfter = counterGraceSeconds - withinSeconds;
      // Plan: ended_counters_by_time, then lookups by key. Only changed accounts reach their rows.
      return await database.query<ExpiringCoverage>(
        `with ${FINAL}, ended as (
           select account, max(ended_at) as ended_at from ended_counters
           where ended_at <= ${NOW} - $1 * interval '1 second'
             and ended_at > ${NOW} - $2 * interval '1 second' - interval '${LATEST_ALARM}'
           group by account)
         select a.address as account, a.spent - coalesce(f.spent, 0) as "openMicros",
           ended.ended_at + $2 * interval '1 second' as "graceEndsAt"
         from ended join accounts a on a.address = ended.account cross join final
           left join places p on p.party = a.address
           left join lateral ${newestRowSql("p.place", "final.id")} as f on true
         where a.changed_at_tick >= final.tick and a.spent > coalesce(f.spent, 0)
           and a.spent > coalesce(${highestCapSql("a", `${NOW} - $1 * interval '1 second'`)}, 0)
         order by ended.ended_at limit $3`,
        [alarmAfter, counterGraceSeconds, limit],
      );
    },

    async hasLostCover(checkpoint, { counterGraceSeconds }) {
      const margin = submissionMarginSeconds(counterGraceSeconds);
      const found = await database.query(
        // Plan: ended_counters_by_time, the few whose grace ended since the cut, then by key.
        `with ${FINAL}
         select from checkpoints c cross join final
           join ended_counters e on e.ended_at < ${NOW} - $2 * interval '1 second'
             and e.ended_at >= c.cut_at - $3 * interval '1 second'
           join accounts a on a.address = e.account
           join places p on p.party = a.address
           join checkpoint_rows mine on mine.checkpoint = c.id and mine.place = p.place
           left join lateral ${newestRowSql("p.place", "final.id")} as f on true
         where c.id = $1 and mine.spent > coalesce(f.spent, 0)
           and mine.spent > coalesce(${highestCapSql("a", `${NOW} - $2 * interval '1 second'`)}, 0)
         limit 1`,
        [checkpoint, counterGraceSeconds - Math.floor(margin / 2), counterGraceSeconds],
      );
      return found.length > 0;
    },
  };
}

/**
 * Lists accounts with uncovered spending, the smallest amount first; of `only`, or of all that
 * changed since the last final table.
 */
async function readUncovered(
  sql: Sql,
  inForceSeconds: number,
  only: readonly Address[] | null,
): Promise<readonly UncoveredSpending[]> {
  // Plan: accounts_by_change from the final tick on; the others by key.
  return await sql.query<UncoveredSpending>(
    `with ${FINAL}, open as (
       select a.address, a.counter, a.spent, coalesce(f.spent, 0) as final_spent
       from accounts a cross join final left join places p on p.party = a.address
         left join lateral ${newestRowSql("p.place", "final.id")} as f on true
       where a.changed_at_tick >= (select tick from final) and a.counter > 0
         and a.spent > coalesce(f.spent, 0)
         and ($2::bytea[] is null or a.address = any($2::bytea[]))),
     judged as (
       select address, spent, greatest(final_spent,
           coalesce(${highestCapSql("open", `${NOW} - $1 * interval '1 second'`)}, 0)) as answerable
       from open)
     select address as account, spent - answerable as "uncoveredMicros" from judged
     where spent > answerable order by spent - answerable, address limit ${ACCOUNTS_PER_STEP}`,
    [inForceSeconds, only === null ? null : byteaArray(only)],
  );
}

async function moveTo(
  tx: Sql,
  payer: Address,
  { inForce, found }: { inForce: number; found: readonly UncoveredSpending[] },
) {
  const accounts = found.map(({ account }) => account);
  // In the ledger's global lock order. Debits, new allowances and new counters wait from here on.
  const locked = await tx.query<AccountRecord>(
    `select ${ACCOUNT_COLUMNS} from accounts where address = any($1::bytea[])
     order by address for update`,
    [byteaArray([...new Set([...accounts, payer])])],
  );
  const byAddress = new Map(locked.map((record) => [record.address, toAccount(record)]));
  const uncovered = await readUncovered(tx, inForce, accounts);
  const at = await readClock(tx);
  const [chain] = await tx.query<{ time: Date }>(`select ${NOW} as time`);
  if (chain === undefined) throw new Error("the database returned no time");
  const [cap] = await tx.query<{ micros: bigint | null }>(
    `select ${highestCapSql("a", "'infinity'::timestamptz")} as micros from accounts a
     where address = $1`,
    [bytea(payer)],
  );

  const writtenOff: UncoveredSpending[] = [];
  const left: UncoveredSpending[] = [];
  for (const one of uncovered) {
    const account = byAddress.get(one.account);
    const operator = byAddress.get(payer);
    const room = operator === undefined ? 0n : takeOverRoom(operator, cap?.micros ?? 0n);
    if (account === undefined || one.account === payer || one.uncoveredMicros > room) {
      left.push(one);
      continue;
    }
    byAddress.set(one.account, writeOff(account, one.uncoveredMicros));
    if (operator !== undefined) byAddress.set(payer, takeOver(operator, one.uncoveredMicros));
    writtenOff.push(one);
  }
  if (writtenOff.length === 0) return { writtenOff, left };

  const touched = new Set([payer, ...writtenOff.map(({ account }) => account)]);
  await writeSpending(tx, {
    accounts: new Map([...byAddress].filter(([address]) => touched.has(address))),
    usages: new Map(),
  });
  await tx.query(
    `insert into write_offs (account, payer, amount_micros, written_off_at)
     select account, $3, amount, $4 from unnest($1::bytea[], $2::bigint[]) as one (account, amount)`,
    [
      byteaArray(writtenOff.map(({ account }) => account)),
      numberArray(writtenOff.map(({ uncoveredMicros }) => uncoveredMicros)),
      bytea(payer),
      at,
    ],
  );
  await writeNotes(
    tx,
    writtenOff.map(({ account, uncoveredMicros: amountMicros }) => ({
      kind: "write_off",
      account,
      payer,
      amountMicros,
      at,
      chainTime: chain.time,
    })),
  );
  return { writtenOff, left };
}
