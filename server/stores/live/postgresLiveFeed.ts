import type { Hex } from "viem";

import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { WORKER_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import { byteaArray } from "@compute-credits/platform/postgres/values";
import type {
  LiveCredentials,
  LiveDebit,
  LiveFeed,
  LiveMoment,
  LivePage,
  LiveReads,
  LiveVoid,
  LiveWants,
  LiveWindow,
} from "./liveFeed.ts";
import {
  CHECKPOINT_COLUMNS,
  type CheckpointRecord,
  toCheckpoint,
} from "../checkpoints/postgresCheckpointStore.ts";
import { boundedSnapshot, isAheadOf } from "./livePosition.ts";
import {
  readAccounts,
  readAllowances,
  readBudgets,
  readHolds,
  readMovedAccounts,
} from "./readTouched.ts";
import { inWindowSql, isAmong } from "./windowSql.ts";

/** Statistics do not know the newest rows: without this the planner may read whole tables. */
const USE_INDEXES = `set_config('enable_seqscan', 'off', true),
  set_config('max_parallel_workers_per_gather', '0', true)`;

/** How long `summarise` waits for a vacuum of the same table, which does the same work. */
const SUMMARISE_LOCK_MS = 100;

export function createLiveFeed(database: Database, reads: Database): LiveFeed {
  return {
    read: (work) =>
      // Repeatable read: everything that one moment tells is of one snapshot.
      reads.transaction(async (tx) => await work(readsOf(tx, await readMoment(tx))), {
        isolation: "repeatable read",
      }),

    async summarise() {
      const limits = { ...WORKER_LIMITS, lockMs: SUMMARISE_LOCK_MS };
      const statement = `select brin_summarize_new_values('debits_by_log_order'),
        brin_summarize_new_values('holds_by_log_order'),
        brin_summarize_new_values('voids_by_log_order'),
        brin_summarize_new_values('log_notes_by_transaction')`;
      // Without it windows take longer to read, and what else fails, fails there.
      await database.transaction((tx) => tx.query(statement), { limits }).catch(() => undefined);
    },
  };
}

interface RawMoment extends LiveMoment {
  /** not bounded */
  readonly current: string;
}

async function readMoment(tx: Sql): Promise<RawMoment> {
  const [found] = await tx.query<{ snapshot: string; newestOrder: bigint }>(
    `select pg_current_snapshot()::text as snapshot,
       (select last_value from log_order) as "newestOrder", ${USE_INDEXES}`,
  );
  if (found === undefined) throw new Error("the database returned no snapshot");
  const { snapshot: current, newestOrder } = found;
  return { snapshot: boundedSnapshot(current), current, newestOrder };
}

function readsOf(tx: Sql, { snapshot, current, newestOrder }: RawMoment): LiveReads {
  return {
    snapshot,
    newestOrder,
    page: (window, wants, limit) => readPage(tx, window, wants, limit),
    moved: ({ since, upTo }, addresses) => readMovedAccounts(tx, [since, upTo, -1n], addresses),
    accounts: (addresses) => readAccounts(tx, addresses),
    async checkpoints(from, limit) {
      const records = await tx.query<CheckpointRecord>(
        from === null
          ? `select ${CHECKPOINT_COLUMNS} from checkpoints order by id desc limit $1`
          : `select ${CHECKPOINT_COLUMNS} from checkpoints where id >= $2 order by id limit $1`,
        from === null ? [limit] : [limit, from],
      );
      return records.map(toCheckpoint);
    },
    stillGood: (credentials) => readStillGood(tx, credentials),
    isKnown: (position) => !isAheadOf(position, current),
  };
}

const MAX_ORDER = 2n ** 63n - 1n;

async function readPage(
  tx: Sql,
  { since, upTo, after, orderThen }: LiveWindow,
  wants: LiveWants,
  limit: number,
): Promise<LivePage> {
  const window = [since, upTo, after];
  const accounts = byteaArray(wants.accounts);
  const providers = byteaArray(wants.providers);
  const spenders = byteaArray(wants.spenders);
  const hasEntries = wants.accounts.length + wants.providers.length + wants.spenders.length > 0;

  const most = limit + 1;
  const values = [...window, accounts, providers, spenders, most];
  const debits = whole(hasEntries ? await tx.query<LiveDebit>(DEBITS, values) : [], limit);
  const voids = whole(hasEntries ? await tx.query<LiveVoid>(VOIDS, values) : [], limit);
  const holds = whole(hasEntries ? await readHolds(tx, values) : [], limit);
  const allowances = whole(
    hasEntries ? await readAllowances(tx, [...window, accounts, spenders, most], orderThen) : [],
    limit,
  );

  const end = [debits, voids, holds, allowances].reduce(
    (least, { end: one }) => (one < least ? one : least),
    MAX_ORDER,
  );
  const upToEnd = <T extends { readonly order: bigint }>({ rows }: { rows: readonly T[] }) =>
    rows.filter(({ order }) => order <= end);
  const kept = { debits: upToEnd(debits), voids: upToEnd(voids), holds: upToEnd(holds) };

  const touched = new Map<Hex, bigint>();
  const touch = (allowance: Hex, order: bigint) => {
    if (order > (touched.get(allowance) ?? -1n)) touched.set(allowance, order);
  };
  for (const { allowance, order } of kept.debits) touch(allowance, order);
  for (const { allowance, order } of kept.voids) touch(allowance, order);
  for (const { parts, order } of kept.holds) for (const part of parts) touch(part.allowance, order);
  for (const { allowance, order } of upToEnd(allowances)) touch(allowance, order);

  return {
    ...kept,
    end: end === MAX_ORDER ? null : end,
    budgets: await readBudgets(tx, touched),
  };
}

/** Ends a list that is too long before its last log order, of which more rows may exist. */
function whole<T extends { readonly order: bigint }>(
  rows: readonly T[],
  limit: number,
): { readonly rows: readonly T[]; readonly end: bigint } {
  const last = rows.at(-1);
  if (last === undefined || rows.length <= limit) return { rows, end: MAX_ORDER };
  const end = last.order - 1n;
  return { rows, end };
}

const IS_WANTED = `(${isAmong("d.account", "$4")} or ${isAmong("d.provider", "$5")}
  or ${isAmong("d.spender", "$6")})`;

/** Plan: debits_by_log_order (block ranges), captures by primary key. */
const DEBITS = `select d.log_order as "order", d.provider, d.event_id as "eventId", d.part, d.account,
    d.allowance, d.spender, d.meter, d.quantity, d.dimensions, d.occurred_at as "occurredAt",
    d.recorded_at as "recordedAt", d.rate_card as "rateCardVersion",
    d.amount_micros as "amountMicros", d.fee_micros as "feeMicros", c.hold_id as "holdId"
  from debits d left join captures c on c.provider = d.provider and c.event_id = d.event_id
  where ${inWindowSql("d")} and ${IS_WANTED}
  order by d.log_order limit $7`;

/** Plan: voids_by_log_order (block ranges), debits by primary key. */
const VOIDS = `select v.log_order as "order", v.provider, v.event_id as "eventId", d.part, d.account,
    d.allowance, d.spender, d.amount_micros as "amountMicros", v.voided_at as "voidedAt"
  from voids v join debits d on d.provider = v.provider and d.event_id = v.event_id
  where ${inWindowSql("v")} and ${IS_WANTED}
  order by v.log_order, d.part limit $7`;

/** Plan: each table by primary key. The clock goes on within a snapshot, so expiry counts too. */
async function readStillGood(
  tx: Sql,
  { sessions, providerKeys, viewKeys }: LiveCredentials,
): Promise<ReadonlySet<Hex>> {
  if (sessions.length + providerKeys.length + viewKeys.length === 0) return new Set();
  const found = await tx.query<{ hash: Hex }>(
    `select token_hash as hash from sessions
       where token_hash = any($1::bytea[]) and expires_at > clock_timestamp()
     union all
     select key_hash from provider_keys
       where key_hash = any($2::bytea[]) and coalesce(revoked_at > clock_timestamp(), true)
     union all
     select key_hash from view_keys
       where key_hash = any($3::bytea[]) and coalesce(revoked_at > clock_timestamp(), true)
         and expires_at > clock_timestamp()`,
    [byteaArray(sessions), byteaArray(providerKeys), byteaArray(viewKeys)],
  );
  return new Set(found.map(({ hash }) => hash));
}
