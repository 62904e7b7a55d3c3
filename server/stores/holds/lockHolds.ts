import type { Address, Hex } from "viem";

import type { Account } from "@compute-credits/rules/accounts/account";
import type { Allowance, AllowanceUsage } from "@compute-credits/rules/allowances/allowance";
import { pairKey } from "@compute-credits/rules/holds/decideHolds";
import { type Hold, capturedMicros, partsOf } from "@compute-credits/rules/holds/hold";
import { holdKey } from "@compute-credits/rules/holds/requests";
import type { Sql } from "@compute-credits/platform/postgres/database";
import {
  byteaArray,
  nullableTextArray,
  textArray,
} from "@compute-credits/platform/postgres/values";
import { ARRIVAL_COUNT } from "../allowances/allowanceCache.ts";
import { PRICE_CLOCK, type PriceClock } from "../pricing/priceClock.ts";
import { type HoldJob, type HoldJobs, type NamedEvent, namedEvents } from "./holdJob.ts";
import {
  HOLD_COLUMNS_OF_H,
  type HoldRecord,
  LOT_COLUMNS,
  type LotRecord,
  PART_COLUMNS,
  type PartRecord,
  toHold,
} from "./holdRecord.ts";

/** What a batch of jobs is decided on, apart from what is cached. */
export interface LockedHolds {
  readonly clock: PriceClock;
  /** the arrival count of allowances (allowanceCache.ts) */
  readonly arrivals: bigint;
  /** the accounts that the jobs may change, locked */
  readonly accounts: ReadonlyMap<Address, Account>;
  /** of the candidates, and of the allowances that the holds are from */
  readonly allowanceStates: ReadonlyMap<Hex, AllowanceState>;
  /** by `holdKey`: all holds that the jobs name */
  readonly holds: ReadonlyMap<string, Hold>;
  /** new holds, captures and extensions whose id is in use */
  readonly inUse: ReadonlySet<HoldJob>;
  /** remembered holds that another server has changed since: nothing may be decided on them */
  readonly stale: readonly Hold[];
  /** the locked accounts with a refund request that the chain has not served, for extensions */
  readonly refundRequested: ReadonlySet<Address>;
  /** by `pairKey` */
  readonly openHolds: ReadonlyMap<string, bigint>;
}

export interface AllowanceState {
  readonly revokedAt: Date | null;
  readonly usage: AllowanceUsage;
}

/**
 * Locks the accounts that the jobs may change, in the order of addresses, and reads all that the
 * jobs depend on: one round trip. `candidates` are the allowances that may pay each new hold and
 * extension; `remembered` are holds as this process last wrote them, which are not read whole.
 */
export async function lockHolds(
  tx: Sql,
  jobs: HoldJobs,
  {
    accounts: addresses,
    remembered,
    candidates,
    maxOpenHolds,
  }: {
    readonly accounts: ReadonlySet<Address>;
    readonly remembered: ReadonlyMap<HoldJob, Hold>;
    readonly candidates: readonly (readonly Allowance[])[];
    readonly maxOpenHolds: number;
  },
): Promise<LockedHolds> {
  // PostgreSQL runs them in this order, so all but the first see what the locks had to wait for.
  const isUnknown = (job: HoldJob) => !remembered.has(job);
  const others: HoldJobs = {
    authorize: jobs.authorize,
    capture: jobs.capture.filter(isUnknown),
    end: jobs.end.filter(isUnknown),
    extend: jobs.extend.filter(isUnknown),
  };
  const unknown = changing(others);
  const [
    accounts,
    found,
    lots,
    parts,
    changes,
    inUseExtensions,
    refundRequested,
    allowanceStates,
    clock,
    openHolds,
  ] = await Promise.all([
    lockAccounts(tx, addresses),
    readHolds(tx, [...others.authorize, ...unknown]),
    readLots(tx, unknown),
    readParts(tx, unknown),
    readChanges(
      tx,
      changing(jobs).filter((job) => remembered.has(job)),
    ),
    readExtensions(tx, jobs),
    readRefundRequests(tx, jobs, addresses),
    readAllowanceStates(tx, unknown, { candidates, holds: [...remembered.values()] }),
    readClock(tx),
    countOpenHolds(tx, jobs, maxOpenHolds),
  ]);
  const lotsByHold = Map.groupBy(lots, keyOf);
  const partsByHold = Map.groupBy(parts, keyOf);
  const holds = new Map<string, Hold>();
  const inUse = new Set<HoldJob>(inUseExtensions);
  for (const [job, { is_captured: isCaptured, ...record }] of found) {
    const key = holdKey(job.request);
    if (!holds.has(key)) {
      holds.set(key, toHold(record, lotsByHold.get(key) ?? [], partsByHold.get(key) ?? []));
    }
    if (isCaptured || job.kind === "authorize") inUse.add(job);
  }
  const stale: Hold[] = [];
  for (const [job, hold] of remembered) {
    const ofJob = changes.get(job) ?? [];
    if (!ofJob.some((now) => isAsRemembered(hold, now))) stale.push(hold);
    holds.set(holdKey(hold), hold);
    if (ofJob.some((now) => now.is_captured)) inUse.add(job);
  }
  const { arrivals, ...priceClock } = clock;
  return {
    clock: priceClock,
    arrivals,
    accounts,
    allowanceStates,
    holds,
    inUse,
    stale,
    refundRequested,
    openHolds,
  };
}

/** The jobs that change a hold which is there already. */
function changing({ capture, end, extend }: HoldJobs): readonly HoldJob[] {
  return [...capture, ...end, ...extend];
}

/** Whether no other server captured from the hold, extended or ended it. */
function isAsRemembered(hold: Hold, now: ChangedHold): boolean {
  return (
    now.resolved_as === null &&
    now.lots === hold.lots.length &&
    now.captured_quantity === capturedUnits(hold) &&
    now.captured_micros === capturedMicros(hold) &&
    now.expires_at.getTime() === hold.expiresAt.getTime()
  );
}

/** The sum over all lots, whose units differ: it only tells whether any was captured from. */
function capturedUnits({ lots }: Hold): bigint {
  return lots.reduce((sum, { capturedQuantity }) => sum + capturedQuantity, 0n);
}

async function lockAccounts(
  tx: Sql,
  addresses: ReadonlySet<Address>,
): Promise<ReadonlyMap<Address, Account>> {
  // Plan: accounts by hash, sorted, then locked.
  const accounts = await tx.query<Account>(
    `select address, purchased, spent, held, refunding, refund_waiting as "refundWaiting", refunded,
       counter, recorded_cap as "recordedCap"
     from unnest($1::bytea[]) as wanted (address) join accounts using (address)
     order by address for no key update of accounts`,
    [byteaArray([...addresses])],
  );
  return new Map(accounts.map((account) => [account.address, account]));
}

type FoundHold = HoldRecord & Found;

interface Found {
  /** the job's position, from 1 */
  readonly n: bigint;
  readonly is_captured: boolean;
}

const IS_CAPTURED = `event_id is not null and exists (select from debits d
  where d.provider = named.provider and d.event_id = named.event_id) as is_captured`;

/** Reads the holds that the jobs name, by job; of a capture, once for each of its event ids. */
async function readHolds(
  tx: Sql,
  jobs: readonly HoldJob[],
): Promise<readonly (readonly [HoldJob, FoundHold])[]> {
  const named = namedEvents(jobs);
  if (named.length === 0) return [];
  // Plan: holds and debits by primary key.
  const found = await tx.query<FoundHold>(
    `select n, ${HOLD_COLUMNS_OF_H}, ${IS_CAPTURED}
     from unnest($1::bytea[], $2::text[], $3::text[])
       with ordinality as named (provider, hold_id, event_id, n)
       join holds h using (provider, hold_id)`,
    eventKeysOf(named),
  );
  return found.map((record) => [jobAt(named, record), record] as const);
}

interface ChangedHold extends Found {
  readonly lots: number;
  /** of all lots */
  readonly captured_micros: bigint;
  readonly captured_quantity: bigint;
  readonly expires_at: Date;
  readonly resolved_as: string | null;
}

/** SQL: a sum over the lots of the hold `h`. One lot is in its own row. */
const sumOfLots = (column: string) =>
  `h.${column} + case when lots = 1 then 0 else (select sum(l.${column})::bigint from hold_lots l
     where l.provider = h.provider and l.hold_id = h.hold_id) end as ${column}`;

/** Reads what may have changed of remembered holds, by job. */
async function readChanges(
  tx: Sql,
  jobs: readonly HoldJob[],
): Promise<ReadonlyMap<HoldJob, readonly ChangedHold[]>> {
  const named = namedEvents(jobs);
  if (named.length === 0) return new Map();
  // Plan: holds, hold_lots and debits by primary key.
  const found = await tx.query<ChangedHold>(
    `select n, lots, ${sumOfLots("captured_micros")}, ${sumOfLots("captured_quantity")},
       expires_at, resolved_as, ${IS_CAPTURED}
     from unnest($1::bytea[], $2::text[], $3::text[])
       with ordinality as named (provider, hold_id, event_id, n)
       join holds h using (provider, hold_id)`,
    eventKeysOf(named),
  );
  return Map.groupBy(found, (record) => jobAt(named, record));
}

function eventKeysOf(named: readonly NamedEvent[]): string[] {
  return [
    ...keysOf(named.map(({ job }) => job)),
    nullableTextArray(named.map(({ eventId }) => eventId)),
  ];
}

function jobAt(named: readonly NamedEvent[], { n }: Found): HoldJob {
  const found = named[Number(n) - 1];
  if (found === undefined) {
    throw new Error("the database returned a position that was not asked for");
  }
  return found.job;
}

interface HoldKeyRecord {
  readonly provider: Address;
  readonly hold_id: string;
}

function keyOf({ provider, hold_id: id }: HoldKeyRecord): string {
  return holdKey({ provider, id });
}

/** SQL: the distinct holds that `keysOf` names. */
const NAMED_HOLDS =
  "(select distinct * from unnest($1::bytea[], $2::text[])) as named (provider, hold_id)";

/** Reads the lots after the first of each hold. */
async function readLots(
  tx: Sql,
  jobs: readonly HoldJob[],
): Promise<readonly (LotRecord & HoldKeyRecord)[]> {
  if (jobs.length === 0) return [];
  // Plan: hold_lots by primary key.
  return await tx.query<LotRecord & HoldKeyRecord>(
    `select provider, hold_id, ${LOT_COLUMNS} from ${NAMED_HOLDS}
       join hold_lots using (provider, hold_id)
     order by provider, hold_id, lot`,
    keysOf(jobs),
  );
}

async function readParts(
  tx: Sql,
  jobs: readonly HoldJob[],
): Promise<readonly (PartRecord & HoldKeyRecord)[]> {
  if (jobs.length === 0) return [];
  // Plan: holds and hold_parts by primary key.
  return await tx.query<PartRecord & HoldKeyRecord>(
    `select provider, hold_id, ${PART_COLUMNS} from ${NAMED_HOLDS}
       join hold_payers using (provider, hold_id)
     where account is not null order by provider, hold_id, part`,
    keysOf(jobs),
  );
}

/** The extensions whose id is in use. */
async function readExtensions(
  tx: Sql,
  { extend }: Pick<HoldJobs, "extend">,
): Promise<readonly HoldJob[]> {
  if (extend.length === 0) return [];
  // Plan: hold_extensions by primary key.
  const found = await tx.query<{ n: bigint }>(
    `select n from unnest($1::bytea[], $2::text[], $3::text[])
       with ordinality as named (provider, hold_id, extension_id, n)
       join hold_extensions using (provider, hold_id, extension_id)`,
    [...keysOf(extend), textArray(extend.map(({ request }) => request.extensionId))],
  );
  return found.flatMap(({ n }) => extend[Number(n) - 1] ?? []);
}

/** The accounts with a refund request that the chain has not served. Only extensions ask. */
async function readRefundRequests(
  tx: Sql,
  { extend }: Pick<HoldJobs, "extend">,
  addresses: ReadonlySet<Address>,
): Promise<ReadonlySet<Address>> {
  if (extend.length === 0) return new Set();
  // Plan: open_refund_requests, index only.
  const found = await tx.query<{ account: Address }>(
    "select account from refund_requests where not served and account = any($1::bytea[])",
    [byteaArray([...addresses])],
  );
  return new Set(found.map(({ account }) => account));
}

/** `unknown` are jobs whose holds are read beside this, so that their parts are not known yet. */
async function readAllowanceStates(
  tx: Sql,
  unknown: readonly HoldJob[],
  known: {
    readonly candidates: readonly (readonly Allowance[])[];
    readonly holds: readonly Hold[];
  },
): Promise<ReadonlyMap<Hex, AllowanceState>> {
  const ids = new Set([
    ...known.candidates.flat().map(({ id }) => id),
    ...known.holds.flatMap((hold) => partsOf(hold).map(({ allowance }) => allowance)),
  ]);
  // Plan: holds and hold_parts by primary key, allowance_usage by hash.
  const records = await tx.query<AllowanceUsage & { id: Hex; revokedAt: Date | null }>(
    `select id, revoked_at as "revokedAt", period_index as "periodIndex",
       carried_micros as "carriedMicros", period_spent as "periodSpentMicros",
       spent as "spentMicros"
     from (
       select unnest($1::bytea[]) as id
       union select allowance from unnest($2::bytea[], $3::text[]) as named (provider, hold_id)
         join hold_payers using (provider, hold_id)
     ) as wanted join allowance_usage using (id)`,
    [byteaArray([...ids]), ...keysOf(unknown)],
  );
  return new Map(records.map(({ id, revokedAt, ...usage }) => [id, { revokedAt, usage }]));
}

function keysOf(jobs: readonly HoldJob[]): string[] {
  return [
    byteaArray(jobs.map(({ request }) => request.provider)),
    textArray(jobs.map(({ request }) => request.id)),
  ];
}

/** Reads the clock, after the locks were granted. */
async function readClock(tx: Sql): Promise<PriceClock & { readonly arrivals: bigint }> {
  const [clock] = await tx.query<PriceClock & { readonly arrivals: bigint }>(
    `select ${ARRIVAL_COUNT} as arrivals, ${PRICE_CLOCK}`,
  );
  if (clock === undefined) throw new Error("the database returned no time");
  return clock;
}

async function countOpenHolds(
  tx: Sql,
  { authorize }: Pick<HoldJobs, "authorize">,
  maxOpenHolds: number,
): Promise<ReadonlyMap<string, bigint>> {
  if (authorize.length === 0) return new Map();
  const pairs = [...new Map(authorize.map(({ request }) => [pairKey(request), request])).entries()];
  // Plan: open_holds by primary key, index only, for each pair. No provider uses up another's share.
  const counts = await tx.query<{ n: bigint; count: bigint }>(
    `select n, (select count(*) from (
         select from open_holds h where h.spender = pair.spender and h.provider = pair.provider
           limit $3) as open) as count
     from unnest($1::bytea[], $2::bytea[]) with ordinality as pair (spender, provider, n)`,
    [
      byteaArray(pairs.map(([, { spender }]) => spender)),
      byteaArray(pairs.map(([, { provider }]) => provider)),
      maxOpenHolds,
    ],
  );
  return new Map(counts.map(({ n, count }) => [pairs[Number(n) - 1]?.[0] ?? "", count]));
}
