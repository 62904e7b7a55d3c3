import { setImmediate as nextTurn } from "node:timers/promises";

import type { Address } from "viem";

import { max } from "@compute-credits/protocol/amounts";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { inOrder } from "@compute-credits/platform/postgres/inOrder";
import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";
import type { LogEntry } from "@compute-credits/rules/log/logEntry";
import type { LogSource, PublishedCut, SourcePage } from "../log/logSource.ts";
import type { AuditState } from "../replay/auditState.ts";
import type { Finding } from "../replay/finding.ts";
import { replayEntry } from "../replay/replayEntry.ts";
import type { ReplayTerms } from "../replay/terms.ts";
import { readChainEvents, readCursor } from "../store/chainStore.ts";
import type { AgreedCut } from "../store/cutStore.ts";
import { createEventSaver } from "../store/eventStore.ts";
import { keepReceipts } from "../store/earningsAhead.ts";
import { loadState, loadSubjects } from "../store/loadState.ts";
import { saveState } from "../store/saveState.ts";
import { loadWriteOffFacts } from "../store/writeOffFacts.ts";
import { loadMissedEvents, placesNamed } from "../store/missedEvents.ts";
import { subjectsOf } from "../store/subjects.ts";
import { type AuditCutDeps, MAX_RECORDS_IN_MEMORY } from "./auditDeps.ts";
import { checkSignatures } from "./checkSignatures.ts";
import { compareWitnessed, findDropped, hasNamedEntries, nameEntries } from "./compareWitnessed.ts";
import { WitnessedMatch } from "./matchWitnessed.ts";

/** Thrown while the auditor has read less of the chain than the server. It tries again later. */
export class ChainBehind extends Error {
  override readonly name = "ChainBehind";
}

/** Most findings per checkpoint. After that many, further entries are not checked. */
export const MAX_FINDINGS = 100;

/** How far the server's clock may be behind the chain's or another server's. */
const CLOCK_SKEW_MS = 60_000;

/** Between so many entries, answers of both databases are received. */
const ENTRIES_PER_TURN = 200;

export type ReplayDeps = Omit<AuditCutDeps, "database" | "source"> & {
  readonly source: Pick<LogSource, "page">;
};

/** The part of the log to replay: the entries of `cut` that `last` does not hold. */
export interface ReplayWindow {
  readonly cut: PublishedCut;
  readonly snapshot: string;
  readonly last: AgreedCut | null;
  /** see `ReplayTerms.counts` */
  readonly counts: (cut: bigint) => boolean;
  readonly known: KnownBefore;
  /** the state of the cut before, without what each cut loads anew; `null` loads all */
  readonly kept?: AuditState | null;
  /** further entries are not checked (`MAX_FINDINGS`) */
  readonly mostFindings?: number;
}

/** What an earlier replay of the same cut found out. */
export interface KnownBefore {
  /** the `placeKey`s that its entries `missed_events` name */
  readonly missed: ReadonlySet<string>;
  /** an event is in the log twice: each is looked up before it is replayed */
  readonly mayDouble: boolean;
  /** it may differ from what was seen of the log before: each entry is compared by its name */
  readonly mayDiffer: boolean;
}

/** The result of replaying a cut. The changed state is saved in the transaction. */
export interface ReplayedCut {
  readonly state: AuditState;
  readonly findings: readonly Finding[];
  readonly entries: number;
  /** the `placeKey`s that its entries `missed_events` name */
  readonly missed: ReadonlySet<string>;
  /** accounts with a refund in this cut */
  readonly refunded: ReadonlySet<Address>;
  /** the newest recording time of a debit or a write-off; `null` without any */
  readonly newestRecorded: Date | null;
}

/**
 * Replays a cut's log entries page by page. Throws `ChainBehind` if the chain was not read so far,
 * and, if that was not known before, `EventDoubled` if an event is in the log twice, and
 * `WitnessedDiffers` if the log may have changed since it was seen first.
 */
export async function replayCut(
  deps: ReplayDeps,
  tx: Sql,
  window: ReplayWindow,
): Promise<ReplayedCut> {
  const range = { since: window.last?.snapshot ?? null, upTo: window.snapshot };
  let pending: Promise<SourcePage> | null = requested(deps, range, null);
  const sql = inOrder(tx);
  const state = await loadState(sql, window.kept ?? undefined);
  const findings: Finding[] = [];
  const refunded = new Set<Address>();
  const missed = new Set<string>();
  const appliedBefore = state.appliedBlock;
  const readUpTo = (await readCursor(sql)).time;
  const witnessed = await witnessedBefore(deps, sql, window);
  const events = createEventSaver(sql);
  let entryCount = 0;
  let newestRecorded: Date | null = null;

  try {
    while (pending !== null) {
      // oxlint-disable-next-line no-await-in-loop -- pages are replayed in order
      const { entries, next }: SourcePage = await pending;
      // Requests the next page while this one is being replayed.
      pending = next === null ? null : requested(deps, range, next);
      const page = { ...window, state, appliedBefore, readUpTo, entries };
      // oxlint-disable-next-line no-await-in-loop
      const terms = await loadPage(deps, sql, page);
      // oxlint-disable-next-line no-await-in-loop
      const changed = await witnessed.compare(entries);
      // oxlint-disable-next-line no-await-in-loop
      await keepReceipts(sql, entries);
      // The events of the page before are saved while this one is replayed.
      // oxlint-disable-next-line no-await-in-loop
      await events.send();
      // oxlint-disable-next-line no-await-in-loop
      findings.push(...(await replayPage(page, terms, findings.length)), ...changed);
      deps.onProgress?.();
      entryCount += entries.length;
      for (const key of placesNamed(entries)) missed.add(key);
      for (const entry of entries) {
        if (entry.kind === "refund") refunded.add(entry.account);
        if (entry.kind === "debit") newestRecorded = later(newestRecorded, entry.recordedAt);
        if (entry.kind === "write_off") newestRecorded = later(newestRecorded, entry.at);
      }
      events.take(state);
      if (state.size > (deps.recordsInMemory ?? MAX_RECORDS_IN_MEMORY)) {
        // oxlint-disable-next-line no-await-in-loop -- what is evicted must be saved
        await saveState(sql, state, window.cut.id);
        state.evict();
      }
    }
    await events.send();
    await events.saved();
  } finally {
    // Nothing may be sent after the transaction.
    await events.saved().catch(() => undefined);
  }
  await saveState(sql, state, window.cut.id);
  findings.push(...(await witnessed.end()));
  return { state, findings, entries: entryCount, missed, refunded, newestRecorded };
}

function requested(
  { source }: ReplayDeps,
  range: { readonly since: string | null; readonly upTo: string },
  cursor: string | null,
): Promise<SourcePage> {
  const page = source.page(range, cursor);
  // What is requested ahead may never be waited for.
  page.catch(() => undefined);
  return page;
}

interface Page extends ReplayWindow {
  readonly state: AuditState;
  readonly appliedBefore: bigint;
  readonly readUpTo: Date;
  readonly entries: readonly LogEntry[];
}

/** Loads what replaying a page needs. */
async function loadPage(
  { chain, terms: { fees, maxQuoteSeconds, writeOffAccount, counterGraceSeconds } }: ReplayDeps,
  sql: Sql,
  { cut, last, counts, known, state, appliedBefore, readUpTo, entries }: Page,
): Promise<ReplayTerms> {
  const chainEvents = await chainEventsOf(sql, state, entries);
  const late = await loadMissedEvents(sql, entries, known.missed);
  const lateEvents = [...late.values()].map(({ event }) => event);
  const subjects = subjectsOf(state, entries, {
    chainEvents: [...chainEvents, ...lateEvents],
    mayDouble: known.mayDouble,
  });
  await loadSubjects(sql, state, { subjects, cut: cut.id, counts });
  state.evictEvents(subjects.events);
  const signatures = await checkSignatures(entries, chain, (id) => {
    const allowance = state.allowances.get(id);
    if (allowance === undefined) return undefined;
    return { account: allowance.message.account, isGrant: allowance.campaign !== null };
  });
  // What decides a write-off is read from the database.
  if (entries.some(({ kind }) => kind === "write_off")) await saveState(sql, state, cut.id);
  const lastAsOf = last?.message.asOf;
  return {
    cut: cut.id,
    fees,
    maxQuoteSeconds,
    ...signatures,
    notBefore: lastAsOf === undefined ? null : new Date(Number(lastAsOf) * 1000 - CLOCK_SKEW_MS),
    chainEvents: (from: bigint, to: bigint) =>
      chainEvents.filter(({ blockNumber }) => blockNumber >= from && blockNumber <= to),
    missed: { named: known.missed, known: late, appliedBefore },
    counts,
    writeOffAccount,
    counterGraceSeconds,
    readUpTo,
    writeOffFacts: await loadWriteOffFacts(sql, entries),
  };
}

async function replayPage(
  { state, entries, mostFindings = MAX_FINDINGS }: Page,
  terms: ReplayTerms,
  findingsBefore: number,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [index, entry] of entries.entries()) {
    if (findingsBefore + findings.length >= mostFindings) break;
    findings.push(...replayEntry(state, entry, terms));
    // oxlint-disable-next-line no-await-in-loop -- entries are replayed in order
    if (index % ENTRIES_PER_TURN === ENTRIES_PER_TURN - 1) await nextTurn();
  }
  return findings;
}

/** Compares the cut's pages with what was seen of the log before: by hashes, or by names. */
async function witnessedBefore(
  { hashes }: ReplayDeps,
  sql: Sql,
  { cut: { id }, snapshot, last, known }: ReplayWindow,
): Promise<{
  readonly compare: (entries: readonly LogEntry[]) => Promise<readonly Finding[]>;
  readonly end: () => Promise<readonly Finding[]>;
}> {
  const cut = { id, snapshot, previous: last?.id ?? null };
  if (known.mayDiffer || (await hasNamedEntries(sql))) {
    await nameEntries(sql, cut);
    return {
      compare: (entries) => compareWitnessed(sql, entries),
      end: () => findDropped(sql, cut),
    };
  }
  const match = await WitnessedMatch.begin(sql, cut, hashes);
  return {
    compare: (entries) => match.add(entries).then(noFindings),
    end: () => match.end().then(noFindings),
  };
}

function noFindings(): readonly Finding[] {
  return [];
}

/** The events that the auditor itself read from the blocks that the server applied on this page. */
async function chainEventsOf(
  tx: Sql,
  state: AuditState,
  entries: readonly LogEntry[],
): Promise<ChainEvent[]> {
  const newest = entries.reduce((block, entry) => max(block, newestBlockOf(entry)), 0n);
  if (newest === 0n) return [];
  const cursor = await readCursor(tx);
  if (cursor.number < newest) {
    throw new ChainBehind(
      `the server has read the chain up to block ${newest}, this auditor up to ${cursor.number}`,
    );
  }
  return await readChainEvents(tx, { from: state.appliedBlock + 1n, to: newest });
}

function newestBlockOf(entry: LogEntry): bigint {
  if (entry.kind === "blocks") return entry.to;
  return entry.kind === "missed_events" ? entry.upTo : 0n;
}

function later(a: Date | null, b: Date): Date {
  return a === null || b > a ? b : a;
}
