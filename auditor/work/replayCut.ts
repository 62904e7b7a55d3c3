import type { Address } from "viem";

import { max } from "@compute-credits/protocol/amounts";
import type { Sql } from "@compute-credits/platform/postgres/database";
import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";
import type { LogEntry } from "@compute-credits/rules/log/logEntry";
import type { LogSource, PublishedCut, SourcePage } from "../log/logSource.ts";
import type { AuditState } from "../replay/auditState.ts";
import type { Finding } from "../replay/finding.ts";
import { replayEntry } from "../replay/replayEntry.ts";
import { readChainEvents, readCursor } from "../store/chainStore.ts";
import type { AgreedCut } from "../store/cutStore.ts";
import { loadState, loadSubjects } from "../store/loadState.ts";
import { saveState } from "../store/saveState.ts";
import { loadWriteOffFacts } from "../store/writeOffFacts.ts";
import { loadMissedEvents, placesNamed } from "../store/missedEvents.ts";
import { subjectsOf } from "../store/subjects.ts";
import type { AuditCutDeps } from "./auditDeps.ts";
import { checkSignatures } from "./checkSignatures.ts";
import { compareWitnessed } from "./witness.ts";

/** Thrown while the auditor has read less of the chain than the server. It tries again later. */
export class ChainBehind extends Error {
  override readonly name = "ChainBehind";
}

/** Most findings per checkpoint. After that many, further entries are not checked. */
export const MAX_FINDINGS = 100;

/** How far the server's clock may be behind the chain's or another server's. */
const CLOCK_SKEW_MS = 60_000;

/** Beyond this many parties the state is evicted and loaded again as needed. */
const MAX_PARTIES_IN_MEMORY = 200_000;

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
  /** the `placeKey`s that its entries `missed_events` name, as far as they are known before */
  readonly missed: ReadonlySet<string>;
  /** further entries are not checked (`MAX_FINDINGS`) */
  readonly mostFindings?: number;
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
 * Replays a cut's log entries page by page. Throws `ChainBehind` if the chain was not read so far.
 */
export async function replayCut(
  deps: ReplayDeps,
  tx: Sql,
  window: ReplayWindow,
): Promise<ReplayedCut> {
  const state = await loadState(tx);
  const findings: Finding[] = [];
  const refunded = new Set<Address>();
  const missed = new Set<string>();
  const appliedBefore = state.appliedBlock;
  let entryCount = 0;
  let newestRecorded: Date | null = null;

  const range = { since: window.last?.snapshot ?? null, upTo: window.snapshot };
  // Requests the next page while this one is being replayed.
  let pending: ReturnType<LogSource["page"]> | null = deps.source.page(range, null);
  while (pending !== null) {
    // oxlint-disable-next-line no-await-in-loop -- pages are replayed in order
    const { entries, next }: SourcePage = await pending;
    pending = next === null ? null : deps.source.page(range, next);
    pending?.catch(() => undefined);
    // oxlint-disable-next-line no-await-in-loop
    const found = await replayPage(
      deps,
      tx,
      { ...window, state, appliedBefore, entries },
      findings.length,
    );
    findings.push(...found);
    entryCount += entries.length;
    for (const key of placesNamed(entries)) missed.add(key);
    for (const entry of entries) {
      if (entry.kind === "refund") refunded.add(entry.account);
      if (entry.kind === "debit") newestRecorded = later(newestRecorded, entry.recordedAt);
      if (entry.kind === "write_off") newestRecorded = later(newestRecorded, entry.at);
    }
  }
  return { state, findings, entries: entryCount, missed, refunded, newestRecorded };
}

interface Page extends ReplayWindow {
  readonly state: AuditState;
  readonly appliedBefore: bigint;
  readonly entries: readonly LogEntry[];
}

async function replayPage(
  { chain, terms: { fees, maxQuoteSeconds, writeOffAccount, counterGraceSeconds } }: ReplayDeps,
  tx: Sql,
  { cut, last, counts, missed, mostFindings = MAX_FINDINGS, state, appliedBefore, entries }: Page,
  findingsBefore: number,
): Promise<Finding[]> {
  const chainEvents = await chainEventsOf(tx, state, entries);
  const late = await loadMissedEvents(tx, entries, missed);
  const lateEvents = [...late.values()].map(({ event }) => event);
  await loadSubjects(tx, state, {
    subjects: subjectsOf(entries, [...chainEvents, ...lateEvents]),
    cut: cut.id,
    counts,
  });
  const signatures = await checkSignatures(entries, chain, (id) => {
    const known = state.allowances.get(id);
    if (known === undefined) return undefined;
    return { account: known.message.account, isGrant: known.campaign !== null };
  });
  const lastAsOf = last?.message.asOf;
  const terms = {
    cut: cut.id,
    fees,
    maxQuoteSeconds,
    ...signatures,
    notBefore: lastAsOf === undefined ? null : new Date(Number(lastAsOf) * 1000 - CLOCK_SKEW_MS),
    chainEvents: (from: bigint, to: bigint) =>
      chainEvents.filter(({ blockNumber }) => blockNumber >= from && blockNumber <= to),
    missed: { named: missed, known: late, appliedBefore },
    counts,
    writeOffAccount,
    counterGraceSeconds,
    readUpTo: (await readCursor(tx)).time,
    writeOffFacts: await loadWriteOffFacts(tx, entries),
  };
  const findings: Finding[] = [];
  for (const entry of entries) {
    if (findingsBefore + findings.length >= mostFindings) break;
    findings.push(...replayEntry(state, entry, terms));
  }
  findings.push(...(await compareWitnessed(tx, entries)));
  await saveState(tx, state, cut.id);
  if (state.parties.size > MAX_PARTIES_IN_MEMORY) state.evict();
  return findings;
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
