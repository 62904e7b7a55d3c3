import type { Address, Hex } from "viem";

import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import {
  type HoldDecision,
  type HoldRules,
  type HoldsState,
  decideHolds,
} from "@compute-credits/rules/holds/decideHolds";
import { MAIN_LINE, type Hold, partsOf } from "@compute-credits/rules/holds/hold";
import { lineRequestsOf } from "@compute-credits/rules/holds/lines";
import type { AuthorizeOutcome } from "@compute-credits/rules/holds/outcome";
import {
  type CaptureRequest,
  holdKey,
  lineCapturesOf,
} from "@compute-credits/rules/holds/requests";
import { checkOpen } from "@compute-credits/rules/holds/resolve";
import type { PriceState } from "@compute-credits/rules/pricing/priceDraft";
import { tierUsesOf } from "@compute-credits/rules/pricing/tierUnits";
import { namesProvider } from "@compute-credits/rules/usage/predictCharges";
import {
  type Database,
  type Sql,
  type Transaction,
  atCommit,
} from "@compute-credits/platform/postgres/database";
import { StaleRead } from "@compute-credits/platform/postgres/retry";
import {
  byteaArray,
  nullableTextArray,
  textArray,
} from "@compute-credits/platform/postgres/values";
import {
  ALLOWANCE_COLUMNS,
  type AllowanceRecord,
  toAllowance,
} from "../allowances/allowanceRecord.ts";
import { writeNotes } from "../log/writeNotes.ts";
import type { PriceClock } from "../pricing/priceClock.ts";
import type { PriceQuery, PriceReader } from "../pricing/priceReader.ts";
import { addTierUnits } from "../pricing/tierUsage.ts";
import { insertDebits } from "../usage/insertDebits.ts";
import { readCampaigns, writeSpending } from "../usage/lockSpending.ts";
import type { SpendingCaches } from "../usage/spendingCaches.ts";
import { StaleAccessError } from "../usage/staleAccess.ts";
import { explainRefusals } from "../usage/explainRefusals.ts";
import { captureHash } from "./captureHash.ts";
import { findLive } from "./findLive.ts";
import {
  type AuthorizeJob,
  type CaptureJob,
  type EndJob,
  type ExtendJob,
  type HoldJob,
  type HoldJobs,
  byKind,
  eventIdsOf,
  reserving,
} from "./holdJob.ts";
import type { HoldMemory } from "./holdMemory.ts";
import { type LockedHolds, lockHolds } from "./lockHolds.ts";
import { insertExtensions, insertHolds, updateHolds, writeHoldEnds } from "./writeHolds.ts";

export interface CommitHoldsDeps {
  readonly database: Database;
  readonly rules: HoldRules;
  readonly priceReader: PriceReader;
  readonly caches: SpendingCaches;
  readonly memory: HoldMemory;
}

/** How the jobs of a group went. */
export interface CommittedHolds {
  /** tells each decided job's caller the outcome; call it after the commit */
  readonly answers: readonly (() => void)[];
  /** jobs that changed nothing, and whose answers are read elsewhere */
  readonly unchanged: readonly HoldJob[];
}

/**
 * Commits jobs in one transaction, of two round trips if all that it needs is remembered: the locks
 * with all reads, and the writes with the commit. Holds that are not remembered, and ids that may be
 * in use, take one more before them, because nothing is locked for jobs that change nothing.
 */
export async function commitHolds(
  deps: CommitHoldsDeps,
  jobs: readonly HoldJob[],
): Promise<CommittedHolds> {
  const { database, caches, memory } = deps;
  /** Runs each statement by index, like those of the transaction. */
  const unlocked: Sql = {
    query: (text, values) =>
      database.transaction((tx) => tx.query(text, values), { nestedLoopPlan: true }),
  };
  const payers = await findPayers(unlocked, caches, jobs);
  const strangers = await findStrangers(unlocked, caches, jobs, payers);
  const asked = jobs.filter((job) => !strangers.has(job));
  if (asked.length === 0) return { answers: [], unchanged: jobs };
  const remembered = rememberedBy(memory, asked);
  const unknown = asked.filter((job) =>
    job.kind === "authorize" ? memory.mayBeInUse(job.request) : !remembered.has(job),
  );
  return await database.transaction(
    async (tx) => {
      const { settled, accounts } = await findLive(tx, byKind(unknown));
      const live = asked.filter((job) => !settled.has(job));
      const unchanged = [...strangers, ...settled];
      if (live.length === 0) return { answers: [], unchanged };
      const toLock = new Set([
        ...accounts,
        ...[...remembered.values()].flatMap(accountsOf),
        ...reserving(byKind(live)).flatMap((job) =>
          (payers.candidates.get(job) ?? []).map(({ message }) => message.account),
        ),
      ]);
      const known = { payers, remembered, accounts: toLock };
      const decided = await decideLive(tx, deps, byKind(live), known);
      return { answers: decided.answers, unchanged: [...unchanged, ...decided.unchanged] };
    },
    { nestedLoopPlan: true },
  );
}

/** The open holds that captures, extensions and releases name, as this process last wrote them. */
function rememberedBy(memory: HoldMemory, jobs: readonly HoldJob[]): ReadonlyMap<HoldJob, Hold> {
  const remembered = new Map<HoldJob, Hold>();
  for (const job of jobs) {
    if (job.kind === "authorize" || (job.kind === "end" && job.as === "expired")) continue;
    const hold = memory.find(job.request, eventIdsOf(job));
    if (hold !== undefined) remembered.set(job, hold);
  }
  return remembered;
}

/** The accounts that hold the credits, and those whose tier usage a capture counts. */
function accountsOf(hold: Hold): readonly Address[] {
  return [
    ...partsOf(hold).map(({ account }) => account),
    ...hold.lots.flatMap(({ rate }) => tierUsesOf(rate).map(({ account }) => account)),
  ];
}

/** The allowances that may pay new holds and extensions, as of the count `upTo` (allowanceCache.ts). */
interface Payers {
  readonly candidates: ReadonlyMap<AuthorizeJob | ExtendJob, readonly Allowance[]>;
  readonly upTo: bigint;
}

async function findPayers(
  sql: Sql,
  { allowances }: SpendingCaches,
  jobs: readonly HoldJob[],
): Promise<Payers> {
  const asking = reserving(byKind(jobs));
  const found = await allowances.lookUp(
    sql,
    asking.map(({ request }) => request),
  );
  const candidates = new Map(
    asking.map((job, index) => [job, found.allowances[index] ?? []] as const),
  );
  return { candidates, upTo: found.upTo };
}

/**
 * The new holds of providers that no allowance may pay, as far as this process knows. They are
 * refused on a snapshot, so that a stranger never holds the lock of another party's account.
 */
async function findStrangers(
  sql: Sql,
  { access }: SpendingCaches,
  jobs: readonly HoldJob[],
  { candidates }: Payers,
): Promise<ReadonlySet<HoldJob>> {
  const unnamed = byKind(jobs).authorize.filter(
    (job) => !job.mayHold && !namesProvider(candidates.get(job) ?? [], job.request.provider),
  );
  const requests = unnamed.map(({ request }) => request);
  const hasAccess = await access.predict(sql, requests, undefined);
  return new Set(unnamed.filter(({ request }) => !hasAccess(request.spender, request.provider)));
}

async function decideLive(
  tx: Transaction,
  { rules, priceReader, caches, memory }: CommitHoldsDeps,
  jobs: HoldJobs,
  {
    payers,
    remembered,
    accounts,
  }: {
    readonly payers: Payers;
    readonly remembered: ReadonlyMap<HoldJob, Hold>;
    readonly accounts: ReadonlySet<Address>;
  },
): Promise<CommittedHolds> {
  const { maxOpenHolds } = rules;
  const asking = reserving(jobs);
  const candidates = asking.map((job) => payers.candidates.get(job) ?? []);
  const locked = await lockHolds(tx, jobs, { accounts, remembered, candidates, maxOpenHolds });
  for (const hold of locked.stale) memory.forget(hold);
  if (locked.stale.length > 0) throw new StaleRead("another server changed a remembered hold");
  if (locked.arrivals > payers.upTo) {
    await caches.allowances.addArrivals(tx, locked.arrivals);
    const requests = asking.map(({ request }) => request);
    if (!caches.allowances.holds(requests, candidates)) {
      throw new StaleRead("a spender's allowances changed since the cached ones were read");
    }
  }
  const { decidable, unchanged, revoked } = split(jobs, locked);
  for (const { kind, request } of unchanged) if (kind === "authorize") memory.noteInUse(request);
  const state = await readState(tx, { priceReader, caches }, decidable, locked, candidates);
  const decision = decideHolds(
    {
      captures: decidable.capture.map(({ request }) => ({
        provider: request.provider,
        id: request.id,
        final: request.final,
        lines: lineCapturesOf(request).map((line) => ({
          ...line,
          payloadHash: captureHash(request, line),
        })),
      })),
      ends: decidable.end.map(({ request, as }) => ({ ...request, as })),
      extensions: decidable.extend.map(({ request }) => request),
      requests: decidable.authorize.map(({ request }) => request),
    },
    state,
    rules,
  );
  const held = await explainHeld(tx, decidable, decision.held);
  await writeDecision(tx, decidable, decision, state.now);
  return {
    answers: [
      ...answersOf(decidable, { ...decision, held }),
      ...revoked.map(
        ({ reject }) =>
          () =>
            reject(new StaleAccessError()),
      ),
      () => remember(memory, decidable, { ...decision, held }),
    ],
    unchanged,
  };
}

/** Notes the holds as they are after the commit. */
function remember(
  memory: HoldMemory,
  { capture }: HoldJobs,
  { held, captured, extensions, changedHolds }: HoldDecision,
): void {
  for (const outcome of held) {
    if (outcome.result !== "held") continue;
    memory.noteInUse(outcome.hold);
    memory.note(outcome.hold, []);
  }
  for (const [index, job] of capture.entries()) {
    const outcome = captured[index];
    if (outcome?.result === "captured") memory.note(outcome.hold, eventIdsOf(job));
  }
  for (const { hold } of extensions) memory.note(hold, []);
  for (const hold of changedHolds) if (hold.resolution !== null) memory.forget(hold);
}

/**
 * Sets aside what is answered elsewhere because an id is in use, and jobs of callers that must be
 * authenticated again.
 */
function split(
  { authorize, capture, end, extend }: HoldJobs,
  { inUse, clock }: LockedHolds,
): {
  readonly decidable: HoldJobs;
  readonly unchanged: readonly HoldJob[];
  readonly revoked: readonly HoldJob[];
} {
  const isRevoked = ({ asOfRevocations: asOf }: HoldJob) =>
    asOf !== undefined && clock.accessRevocations > asOf;
  const isDecidable = (job: HoldJob) => !inUse.has(job) && !isRevoked(job);
  const all = [...authorize, ...capture, ...end, ...extend];
  return {
    decidable: {
      authorize: authorize.filter(isDecidable),
      capture: capture.filter(isDecidable),
      end: end.filter(isDecidable),
      extend: extend.filter(isDecidable),
    },
    unchanged: all.filter((job) => inUse.has(job) && !isRevoked(job)),
    revoked: all.filter(isRevoked),
  };
}

async function readState(
  tx: Sql,
  { priceReader, caches }: Pick<CommitHoldsDeps, "priceReader" | "caches">,
  jobs: HoldJobs,
  locked: LockedHolds,
  candidates: readonly (readonly Allowance[])[],
): Promise<HoldsState> {
  const { clock, accounts, holds, allowanceStates, refundRequested, openHolds } = locked;
  const { now, newestCard, frozenAt } = clock;
  const inForce = (allowance: Allowance): Allowance => {
    const state = allowanceStates.get(allowance.id);
    if (state === undefined) throw new Error(`the allowance ${allowance.id} was not read`);
    return { ...allowance, ...state };
  };
  const allowances = [...new Set(candidates.flat())].map(inForce);
  const ofNewHolds = new Map(allowances.map((allowance) => [allowance.id, allowance]));
  const changing = [...jobs.capture, ...jobs.end, ...jobs.extend].flatMap((job) => {
    const hold = holds.get(holdKey(job.request));
    if (hold === undefined || !mayChange(job, hold, clock)) return [];
    checkLocked(hold, locked);
    return hold;
  });
  const ofHolds = await allowancesOf(tx, caches, changing, { ofNewHolds, inForce });
  const read = [...allowances, ...ofHolds];
  const known = new Set(read.map(({ id }) => id));
  const campaigns = await readCampaigns(
    tx,
    read.filter(({ campaign }) => campaign !== null && !known.has(campaign)),
  );

  const requests = reserving(jobs).map(({ request }) => request);
  const hasAccess = await caches.access.read(tx, requests, clock);
  const queries = priceQueries(jobs, locked);
  const moment = { now, newestCard, accounts: [...accounts.keys()] };
  const prices = queries.length === 0 ? NO_PRICES : await priceReader.read(tx, queries, moment);
  return {
    now,
    frozenAt,
    accounts,
    allowances,
    // Those of holds count no more once their spender ends the acceptance, but keep what is held.
    campaigns: [...ofHolds, ...campaigns],
    hasAccess,
    prices,
    holds,
    refundRequested,
    openHolds,
  };
}

/** The lines of new holds, and those that extensions add to. */
function priceQueries(
  { authorize, extend }: HoldJobs,
  { holds, clock: { now: occurredAt } }: LockedHolds,
): readonly PriceQuery[] {
  const added = extend.flatMap(({ request }) => {
    const { provider, lines } = request;
    const lots = holds.get(holdKey(request))?.lots ?? [];
    return lines.flatMap(({ line }) => {
      const lot = lots.find((each) => each.line === line);
      if (lot === undefined) return [];
      return { provider, meter: lot.meter, dimensions: lot.dimensions, occurredAt };
    });
  });
  return [
    ...authorize.flatMap(({ request }) =>
      lineRequestsOf(request).map(({ meter, dimensions }) => ({
        provider: request.provider,
        meter,
        dimensions,
        occurredAt,
      })),
    ),
    ...added,
  ];
}

/** Captures pay the rate that their hold has pinned. */
const NO_PRICES: PriceState = { rates: new Map(), usedUnits: new Map(), multipliers: new Map() };

/** The allowances that holds are from and that new holds do not name. */
async function allowancesOf(
  tx: Sql,
  { allowances }: SpendingCaches,
  holds: readonly Hold[],
  {
    ofNewHolds,
    inForce,
  }: {
    readonly ofNewHolds: ReadonlyMap<Hex, Allowance>;
    readonly inForce: (allowance: Allowance) => Allowance;
  },
): Promise<readonly Allowance[]> {
  const missing = new Set<Hex>();
  for (const { allowance } of holds.flatMap(partsOf)) {
    if (!ofNewHolds.has(allowance)) missing.add(allowance);
  }
  if (missing.size === 0) return [];
  const found = new Map<Hex, Allowance>();
  for (const allowance of (await allowances.lookUp(tx, holds)).allowances.flat()) {
    if (missing.delete(allowance.id)) found.set(allowance.id, inForce(allowance));
  }
  if (missing.size === 0) return [...found.values()];
  // Plan: allowances by primary key.
  const records = await tx.query<AllowanceRecord>(
    `select ${ALLOWANCE_COLUMNS} from allowances where id = any($1::bytea[])`,
    [byteaArray([...missing])],
  );
  return [...found.values(), ...records.map(toAllowance)];
}

/** Whether the decision needs the hold's accounts: otherwise it is refused before it looks at them. */
function mayChange(
  job: CaptureJob | EndJob | ExtendJob,
  hold: Hold,
  { now, frozenAt }: PriceClock,
): boolean {
  if (job.kind === "end" && job.as === "expired") return hold.resolution === null;
  const isFrozen = job.kind !== "end" && frozenAt !== null;
  return !isFrozen && checkOpen(hold, now) === null;
}

/**
 * Throws if the accounts of an open hold are not locked: it was opened or extended after the look
 * that told which to lock.
 */
function checkLocked(hold: Hold, { accounts }: LockedHolds): void {
  if (accountsOf(hold).every((account) => accounts.has(account))) return;
  throw new StaleRead("a hold was opened or extended since the accounts were locked");
}

/** Refusals of new holds, with the better reason. */
async function explainHeld(
  tx: Sql,
  { authorize }: HoldJobs,
  outcomes: readonly AuthorizeOutcome[],
): Promise<readonly AuthorizeOutcome[]> {
  const refused = outcomes.flatMap((outcome, index) => {
    const request = authorize[index]?.request;
    return outcome.result === "refused" && request !== undefined
      ? { index, spender: request.spender, provider: request.provider, refusal: outcome.refusal }
      : [];
  });
  if (refused.length === 0) return outcomes;
  const refusals = await explainRefusals(tx, refused);
  const better = new Map(refused.map(({ index }, n) => [index, refusals[n]]));
  return outcomes.map((outcome, index) => {
    const refusal = better.get(index);
    return refusal === undefined ? outcome : { result: "refused", refusal };
  });
}

/** Sends all writes with the commit, in the order in which the log lists them. */
async function writeDecision(
  tx: Transaction,
  { authorize, capture }: HoldJobs,
  { debits, captured, changedHolds, extensions, newHolds, changes, tierUnits, held }: HoldDecision,
  now: Date,
): Promise<void> {
  const last = atCommit(tx);
  await writeSpending(last, changes);
  await insertDebits(last, debits, now);
  await insertCaptures(
    last,
    capture.flatMap(({ request }, index) =>
      captured[index]?.result === "captured" ? request : [],
    ),
  );
  await addTierUnits(last, tierUnits);
  await updateHolds(last, changedHolds);
  await writeHoldEnds(last, changedHolds);
  await writeNotes(
    last,
    extensions.map(({ request, hold, at }) => ({
      kind: "hold_extension" as const,
      provider: hold.provider,
      id: hold.id,
      extension: request.extensionId,
      ttlSeconds: request.ttlSeconds,
      lines: request.lines,
      expiresAt: hold.expiresAt,
      at,
    })),
  );
  await insertExtensions(last, extensions);
  const quoteExpiries = authorize.flatMap(({ request }, index) =>
    held[index]?.result === "held" ? (request.quote?.expiresAt ?? null) : [],
  );
  await insertHolds(
    last,
    newHolds.map((hold, index) => ({ hold, quoteExpiresAt: quoteExpiries[index] ?? null })),
  );
}

async function insertCaptures(sql: Sql, captures: readonly CaptureRequest[]): Promise<void> {
  if (captures.length === 0) return;
  const rows = captures.flatMap((request) =>
    lineCapturesOf(request).map(({ line, eventId }) => ({ request, line, eventId })),
  );
  await sql.query(
    `insert into captures (provider, event_id, hold_id, line)
     select * from unnest($1::bytea[], $2::text[], $3::text[], $4::text[])`,
    [
      byteaArray(rows.map(({ request }) => request.provider)),
      textArray(rows.map(({ eventId }) => eventId)),
      textArray(rows.map(({ request }) => request.id)),
      nullableTextArray(rows.map(({ line }) => (line === MAIN_LINE ? null : line))),
    ],
  );
}

function answersOf(
  { authorize, capture, end, extend }: HoldJobs,
  {
    held,
    captured,
    ended,
    extended,
  }: Pick<HoldDecision, "held" | "captured" | "ended" | "extended">,
): readonly (() => void)[] {
  return [
    ...authorize.flatMap(({ resolve }, index) => answer(resolve, held[index])),
    ...capture.flatMap(({ resolve }, index) => answer(resolve, captured[index])),
    ...end.flatMap(({ resolve }, index) => answer(resolve, ended[index])),
    ...extend.flatMap(({ resolve }, index) => answer(resolve, extended[index])),
  ];
}

function answer<Outcome>(
  resolve: (outcome: Outcome) => void,
  outcome: Outcome | undefined,
): (() => void)[] {
  if (outcome === undefined) throw new Error("a job has no outcome");
  return [() => resolve(outcome)];
}
