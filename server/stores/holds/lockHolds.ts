import type { Address, Hex } from "viem";

import type { Account } from "@compute-credits/rules/accounts/account";
import type { Allowance, AllowanceUsage } from "@compute-credits/rules/allowances/allowance";
import { pairKey } from "@compute-credits/rules/holds/decideHolds";
import type { Hold, HoldPart } from "@compute-credits/rules/holds/hold";
import { holdKey } from "@compute-credits/rules/holds/outcome";
import type { Sql } from "@compute-credits/platform/postgres/database";
import {
  byteaArray,
  nullableTextArray,
  textArray,
} from "@compute-credits/platform/postgres/values";
import { ARRIVAL_COUNT } from "../allowances/allowanceCache.ts";
import { PRICE_CLOCK, type PriceClock } from "../pricing/priceClock.ts";
import type { HoldJob, HoldJobs } from "./holdJob.ts";
import { HOLD_COLUMNS_OF_H, type HoldRecord, toHold } from "./holdRecord.ts";

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
  /** new holds whose id is in use, and captures whose event id is */
  readonly inUse: ReadonlySet<HoldJob>;
  /** remembered holds that another server has changed since: nothing may be decided on them */
  readonly stale: readonly Hold[];
  /** by `pairKey` */
  readonly openHolds: ReadonlyMap<string, bigint>;
}

export interface AllowanceState {
  readonly revokedAt: Date | null;
  readonly usage: AllowanceUsage;
}

/**
 * Locks the accounts that the jobs may change, in the order of addresses, and reads all that the
 * jobs depend on: one round trip. `candidates` are the allowances that may pay each new hold;
 * `remembered` are holds as this process last wrote them, which are not read whole.
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
  const isRemembered = (job: HoldJob) => remembered.has(job);
  const others: HoldJobs = {
    authorize: jobs.authorize,
    capture: jobs.capture.filter((job) => !isRemembered(job)),
    end: jobs.end.filter((job) => !isRemembered(job)),
  };
  const [accounts, found, parts, changes, allowanceStates, clock, openHolds] = await Promise.all([
    lockAccounts(tx, addresses),
    readHolds(tx, [...others.authorize, ...others.capture, ...others.end]),
    readParts(tx, [...others.capture, ...others.end]),
    readChanges(tx, [...jobs.capture, ...jobs.end].filter(isRemembered)),
    readAllowanceStates(tx, others, { candidates, holds: [...remembered.values()] }),
    readClock(tx),
    countOpenHolds(tx, jobs, maxOpenHolds),
  ]);
  const partsByHold = Map.groupBy(parts, ({ provider, hold_id: id }) => holdKey({ provider, id }));
  const holds = new Map<string, Hold>();
  const inUse = new Set<HoldJob>();
  for (const [job, { is_captured: isCaptured, ...record }] of found) {
    const key = holdKey(job.request);
    const ofHold = (partsByHold.get(key) ?? []).map(partOf);
    if (!holds.has(key)) holds.set(key, toHold(record, ofHold));
    if (isCaptured || job.kind === "authorize") inUse.add(job);
  }
  const stale: Hold[] = [];
  for (const [job, hold] of remembered) {
    const now = changes.get(job);
    if (now === undefined || !isAsRemembered(hold, now)) stale.push(hold);
    holds.set(holdKey(hold), hold);
    if (now?.is_captured === true) inUse.add(job);
  }
  const { arrivals, ...priceClock } = clock;
  return { clock: priceClock, arrivals, accounts, allowanceStates, holds, inUse, stale, openHolds };
}

/** Whether no other server captured from the hold, extended or ended it. */
function isAsRemembered(hold: Hold, now: ChangedHold): boolean {
  return (
    now.resolved_as === null &&
    now.captured_quantity === hold.capturedQuantity &&
    now.captured_micros === hold.capturedMicros &&
    now.expires_at.getTime() === hold.expiresAt.getTime()
  );
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

/** Reads the holds that the jobs name, by job. */
async function readHolds(
  tx: Sql,
  jobs: readonly HoldJob[],
): Promise<readonly (readonly [HoldJob, FoundHold])[]> {
  if (jobs.length === 0) return [];
  // Plan: holds and debits by primary key.
  const found = await tx.query<FoundHold>(
    `select n, ${HOLD_COLUMNS_OF_H}, ${IS_CAPTURED}
     from unnest($1::bytea[], $2::text[], $3::text[])
       with ordinality as named (provider, hold_id, event_id, n)
       join holds h using (provider, hold_id)`,
    eventKeysOf(jobs),
  );
  return found.map((record) => [jobAt(jobs, record), record] as const);
}

interface ChangedHold extends Found {
  readonly captured_micros: bigint;
  readonly captured_quantity: bigint;
  readonly expires_at: Date;
  readonly resolved_as: string | null;
}

/** Reads what may have changed of remembered holds, by job. */
async function readChanges(
  tx: Sql,
  jobs: readonly HoldJob[],
): Promise<ReadonlyMap<HoldJob, ChangedHold>> {
  if (jobs.length === 0) return new Map();
  // Plan: holds and debits by primary key.
  const found = await tx.query<ChangedHold>(
    `select n, captured_micros, captured_quantity, expires_at, resolved_as, ${IS_CAPTURED}
     from unnest($1::bytea[], $2::text[], $3::text[])
       with ordinality as named (provider, hold_id, event_id, n)
       join holds h using (provider, hold_id)`,
    eventKeysOf(jobs),
  );
  return new Map(found.map((record) => [jobAt(jobs, record), record]));
}

function eventKeysOf(jobs: readonly HoldJob[]): string[] {
  return [
    ...keysOf(jobs),
    nullableTextArray(jobs.map((job) => (job.kind === "capture" ? job.request.eventId : null))),
  ];
}

function jobAt(jobs: readonly HoldJob[], { n }: Found): HoldJob {
  const job = jobs[Number(n) - 1];
  if (job === undefined) throw new Error("the database returned a position that was not asked for");
  return job;
}

interface PartRecord extends HoldPart {
  readonly provider: Address;
  readonly hold_id: string;
}

function partOf({ account, allowance, heldMicros }: HoldPart): HoldPart {
  return { account, allowance, heldMicros };
}

async function readParts(tx: Sql, jobs: readonly HoldJob[]): Promise<readonly PartRecord[]> {
  if (jobs.length === 0) return [];
  // Plan: hold_parts by primary key.
  return await tx.query<PartRecord>(
    `select provider, hold_id, account, allowance, held_micros as "heldMicros"
     from (select distinct * from unnest($1::bytea[], $2::text[])) as named (provider, hold_id)
       join hold_parts using (provider, hold_id)
     order by provider, hold_id, part`,
    keysOf(jobs),
  );
}

async function readAllowanceStates(
  tx: Sql,
  { capture, end }: HoldJobs,
  known: {
    readonly candidates: readonly (readonly Allowance[])[];
    readonly holds: readonly Hold[];
  },
): Promise<ReadonlyMap<Hex, AllowanceState>> {
  const ids = new Set([
    ...known.candidates.flat().map(({ id }) => id),
    ...known.holds.flatMap(({ parts }) => parts.map(({ allowance }) => allowance)),
  ]);
  // Plan: hold_parts by primary key, allowance_usage by hash.
  const records = await tx.query<AllowanceUsage & { id: Hex; revokedAt: Date | null }>(
    `select id, revoked_at as "revokedAt", period_index as "periodIndex",
       carried_micros as "carriedMicros", period_spent as "periodSpentMicros",
       spent as "spentMicros"
     from (
       select unnest($1::bytea[]) as id
       union select allowance from unnest($2::bytea[], $3::text[]) as named (provider, hold_id)
         join hold_parts using (provider, hold_id)
     ) as wanted join allowance_usage using (id)`,
    [byteaArray([...ids]), ...keysOf([...capture, ...end])],
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
  // Plan: open_holds_of_pair, index only, for each pair. A provider cannot use up another's share.
  const counts = await tx.query<{ n: bigint; count: bigint }>(
    `select n, (select count(*) from (
         select from holds h where h.spender = pair.spender and h.provider = pair.provider
           and resolved_as is null limit $3) as open) as count
     from unnest($1::bytea[], $2::bytea[]) with ordinality as pair (spender, provider, n)`,
    [
      byteaArray(pairs.map(([, { spender }]) => spender)),
      byteaArray(pairs.map(([, { provider }]) => provider)),
      maxOpenHolds,
    ],
  );
  return new Map(counts.map(({ n, count }) => [pairs[Number(n) - 1]?.[0] ?? "", count]));
}
