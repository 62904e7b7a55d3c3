import type { Address } from "viem";

import type { CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { bytea } from "@compute-credits/platform/postgres/values";
import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";
import type { LogEntry } from "@compute-credits/rules/log/logEntry";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import type { LogSource, PublishedCut, SourcePage } from "../log/logSource.ts";
import type { AuditState } from "../replay/auditState.ts";
import { type Finding, textOfDifference } from "../replay/finding.ts";
import { ignoredEvent, replayEntry } from "../replay/replayEntry.ts";
import { checkMessage, compareRows } from "../replay/checkTable.ts";
import type { FeeTerm } from "../replay/terms.ts";
import { chainEventsIn, cursorIn } from "../store/chainStore.ts";
import { loadSubjects, openState } from "../store/loadState.ts";
import { saveChanges } from "../store/saveState.ts";
import { subjectsOf } from "../store/subjects.ts";
import { type CutBefore, cutsThatCount, lastCut } from "../store/cutStore.ts";
import { forgedIn } from "./signatures.ts";
import { adoptPlaces, givePlaces, hashTable, readTable } from "./rebuildTable.ts";
import { compareWitnessed, findDropped } from "./witness.ts";

/** What an auditor judges by, besides the log and the chain. */
export interface AuditTerms {
  readonly fees: readonly FeeTerm[];
  readonly maxFeeBps: bigint;
  readonly maxQuoteSeconds: number;
  /** how far a checkpoint's `asOf` may be behind what it holds */
  readonly maxLagSeconds: number;
  /** that may be signed anew although the chain has not dropped what was signed for it; `null` for none */
  readonly releasedEpoch: bigint | null;
}

export interface CutAudit {
  readonly database: Database;
  readonly source: LogSource;
  readonly chain: Pick<ChainReader, "deployment" | "isSignedBy" | "signersSince">;
  readonly terms: AuditTerms;
}

/** The auditor has not read the chain as far as the server has: not a lie, it comes back to it. */
export class ChainBehind extends Error {
  override readonly name = "ChainBehind";
}

/** What cannot be signed, and all that is wrong with it. Rolls back what was made of it. */
class Refused extends Error {
  override readonly name = "Refused";
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    super("the checkpoint could not be reproduced");
    this.findings = findings;
  }
}

/** So many are told; the first is what to begin with. */
const MOST_FINDINGS = 100;

/** Debits are recorded while the chain, or another server's clock, is a little behind. */
const CLOCK_SKEW_MS = 60_000;

/** More than these in memory, and they are let go: what is needed again is read again. */
const MOST_PARTIES_IN_MEMORY = 200_000;

/**
 * Makes a checkpoint again from the last one that could be: from the log's entries since, and the chain. In one
 * transaction: what could not be reproduced leaves nothing behind. Empty where it could.
 */
export async function auditCut(audit: CutAudit, cut: PublishedCut): Promise<readonly Finding[]> {
  try {
    await audit.database.transaction((tx) => reproduce(audit, tx, cut));
    return [];
  } catch (error) {
    if (error instanceof Refused) return error.findings.slice(0, MOST_FINDINGS);
    throw error;
  }
}

async function reproduce(audit: CutAudit, tx: Sql, cut: PublishedCut): Promise<void> {
  const { snapshot } = cut;
  if (snapshot === null) {
    throw new Error(
      `checkpoint ${cut.message.epoch} was cut before there was a log to follow: nobody can reproduce it from the log`,
    );
  }
  const last = await lastCut(tx);
  const counting = await cutsThatCount(tx, cut.message, {
    releasedEpoch: audit.terms.releasedEpoch,
    signersSince: await confirmedChange(audit, tx),
  });
  const due = await tx.query<{ address: Address; refunding: bigint }>(
    "select address, refunding from parties where refunding > 0",
  );
  const run = new CutRun(audit, tx, cut, last, counting);
  await run.replay(snapshot);

  const findings = [
    ...run.findings,
    ...(await findDropped(tx, cut, last?.id ?? null)),
    ...heldBack(due, run.refunded),
    ...(await ignoredEvents(tx, cut.message, run.auditState)),
    ...(await overdrawn(tx, cut.id)),
    ...(await unpaidReceipts(tx, cut.message)),
    ...run.lag(await cursorIn(tx)),
  ];
  const { previous, finding } = counting.before;
  if (finding !== null) findings.push(finding);
  findings.push(...(await checkTable(audit, tx, cut, previous)));
  if (findings.length > 0) throw new Refused(findings);

  const { id, message } = cut;
  await tx.query(
    "insert into cuts (id, epoch, root, snapshot, message, entries) values ($1, $2, $3, $4, $5, $6)",
    [id, message.epoch, bytea(message.root), snapshot, jsonText(message), run.entries],
  );
  await tx.query("update position set cut = $1", [id]);
}

/** When the present signers took over, in seconds since 1970; 0 as long as this auditor has not read the chain that far. */
async function confirmedChange({ chain }: CutAudit, tx: Sql): Promise<bigint> {
  const since = await chain.signersSince();
  const { time } = await cursorIn(tx);
  return BigInt(Math.floor(time.getTime() / 1000)) >= since ? since : 0n;
}

/** The replay of one cut's part of the log. */
class CutRun {
  readonly findings: Finding[] = [];
  readonly refunded = new Set<Address>();
  entries = 0;
  #auditState: AuditState | undefined;
  #newestRecorded: Date | null = null;
  readonly #audit: CutAudit;
  readonly #tx: Sql;
  readonly #cut: PublishedCut;
  readonly #last: CutBefore | null;
  readonly #counting: Awaited<ReturnType<typeof cutsThatCount>>;

  constructor(
    audit: CutAudit,
    tx: Sql,
    cut: PublishedCut,
    last: CutBefore | null,
    counting: Awaited<ReturnType<typeof cutsThatCount>>,
  ) {
    this.#audit = audit;
    this.#tx = tx;
    this.#cut = cut;
    this.#last = last;
    this.#counting = counting;
  }

  get auditState(): AuditState {
    if (this.#auditState === undefined) throw new Error("nothing was replayed yet");
    return this.#auditState;
  }

  async replay(snapshot: string): Promise<void> {
    const window = { since: this.#last?.snapshot ?? null, upTo: snapshot };
    const { source } = this.#audit;
    this.#auditState = await openState(this.#tx);
    // The next page is on its way while this one is being replayed.
    let coming: ReturnType<LogSource["page"]> | null = source.page(window, null);
    while (coming !== null) {
      // oxlint-disable-next-line no-await-in-loop -- one page after the other is the point
      const { entries, next }: SourcePage = await coming;
      coming = next === null ? null : source.page(window, next);
      coming?.catch(() => undefined);
      // oxlint-disable-next-line no-await-in-loop
      await this.#replayPage(entries);
    }
  }

  async #replayPage(entries: readonly LogEntry[]): Promise<void> {
    const { auditState } = this;
    const chainEvents = await this.#chainEventsOf(entries);
    const subjects = subjectsOf(entries, chainEvents);
    await loadSubjects(this.#tx, auditState, subjects);
    const forged = await forgedIn(entries, this.#audit.chain, (id) => {
      const known = auditState.allowances.get(id);
      if (known === undefined) return undefined;
      return { account: known.message.account, isGrant: known.campaign !== null };
    });
    const { fees, maxQuoteSeconds } = this.#audit.terms;
    const lastAsOf = this.#last?.message.asOf;
    const terms = {
      cut: this.#cut.id,
      fees,
      maxQuoteSeconds,
      forged,
      notBefore: lastAsOf === undefined ? null : new Date(Number(lastAsOf) * 1000 - CLOCK_SKEW_MS),
      chainEvents: (from: bigint, to: bigint) =>
        chainEvents.filter(({ blockNumber }) => blockNumber >= from && blockNumber <= to),
      counts: this.#counting.counts,
    };
    for (const entry of entries) {
      if (this.findings.length < MOST_FINDINGS) {
        this.findings.push(...replayEntry(auditState, entry, terms));
      }
      if (entry.kind === "refund") this.refunded.add(entry.account);
      if (entry.kind === "debit")
        this.#newestRecorded = later(this.#newestRecorded, entry.recordedAt);
    }
    this.findings.push(...(await compareWitnessed(this.#tx, entries)));
    this.entries += entries.length;
    await saveChanges(this.#tx, auditState, this.#cut.id);
    if (auditState.parties.size > MOST_PARTIES_IN_MEMORY) auditState.forget();
  }

  /** What the auditor itself read of the blocks that the server says it took in here. */
  async #chainEventsOf(entries: readonly LogEntry[]): Promise<ChainEvent[]> {
    const last = entries.findLast((entry) => entry.kind === "blocks");
    if (last === undefined) return [];
    const cursor = await cursorIn(this.#tx);
    if (cursor.number < last.to) {
      throw new ChainBehind(
        `the server has read the chain up to block ${last.to}, this auditor up to ${cursor.number}`,
      );
    }
    return await chainEventsIn(this.#tx, { from: this.auditState.appliedBlock + 1n, to: last.to });
  }

  /** A checkpoint that is dated back hides what happened on chain since. */
  lag(cursor: { time: Date }): Finding[] {
    const newest = this.#newestRecorded;
    if (newest === null) return [];
    const known = newest < cursor.time ? newest : cursor.time;
    const asOf = Number(this.#cut.message.asOf) * 1000;
    const seconds = Math.floor((known.getTime() - asOf) / 1000);
    if (seconds <= this.#audit.terms.maxLagSeconds) return [];
    return [
      {
        kind: "wrong_as_of",
        party: null,
        event: null,
        expected: `not before ${new Date(known.getTime() - this.#audit.terms.maxLagSeconds * 1000).toISOString()}`,
        actual: new Date(asOf).toISOString(),
        differenceMicros: null,
        text: `the checkpoint is as of ${new Date(asOf).toISOString()} and holds what was recorded ${newest.toISOString()}: ${seconds} seconds of the chain may be missing`,
      },
    ];
  }
}

function later(a: Date | null, b: Date): Date {
  return a === null || b > a ? b : a;
}

/** What was set aside for refunds before the last checkpoint must be in this one. */
function heldBack(
  due: readonly { address: Address; refunding: bigint }[],
  refunded: ReadonlySet<Address>,
): Finding[] {
  return due
    .filter(({ address }) => !refunded.has(address))
    .map(({ address, refunding }) => ({
      kind: "refund_held_back",
      party: address,
      event: null,
      expected: `${refunding}`,
      actual: "0",
      differenceMicros: -refunding,
      text: `${address} asked for a refund before the last checkpoint, ${refunding} micro-credits were set aside for it, and this one does not give them back`,
    }));
}

/** What happened on chain before the checkpoint's `asOf`, and the server did not take in. */
async function ignoredEvents(
  tx: Sql,
  { asOf }: CheckpointMessage,
  auditState: AuditState,
): Promise<Finding[]> {
  const cursor = await cursorIn(tx);
  const events = await chainEventsIn(tx, { from: auditState.appliedBlock + 1n, to: cursor.number });
  return events
    .filter(({ blockTime }) => BigInt(Math.floor(blockTime.getTime() / 1000)) < asOf)
    .flatMap(ignoredEvent);
}

/** I1, of everybody whose numbers moved. */
async function overdrawn(tx: Sql, cut: bigint): Promise<Finding[]> {
  const records = await tx.query<{ address: Address; over: bigint }>(
    `select address, spent + held + refunding + refunded - purchased as over from parties
     where changed_in = $1 and spent + held + refunding + refunded > purchased`,
    [cut],
  );
  return records.map(({ address, over }) => ({
    kind: "invariant_broken",
    party: address,
    event: null,
    expected: "0",
    actual: `${over}`,
    differenceMicros: over,
    text: `I1: ${address} has spent, held and been refunded ${over} micro-credits more than it bought`,
  }));
}

/** What was promised to providers and is due: the row that the log gives them must pay it. One record for each provider. */
async function unpaidReceipts(tx: Sql, { epoch }: CheckpointMessage): Promise<Finding[]> {
  const records = await tx.query<{
    provider: Address;
    promised: bigint;
    from_epoch: bigint;
    earned: bigint;
  }>(
    `select provider, receipts.earned as promised, receipts.epoch as from_epoch, coalesce(parties.earned, 0) as earned
     from receipts left join parties on address = provider
     where receipts.epoch <= $1 and receipts.earned > coalesce(parties.earned, 0) order by provider`,
    [epoch],
  );
  return records.map(({ provider, promised, from_epoch: from, earned }) => ({
    kind: "receipt_not_paid",
    party: provider,
    event: null,
    expected: `${promised}`,
    actual: `${earned}`,
    differenceMicros: earned - promised,
    text: `${provider} has a receipt of ${promised} micro-credits earned from epoch ${from} on, and the checkpoint of epoch ${epoch} pays ${earned}: ${textOfDifference(earned - promised)}`,
  }));
}

async function checkTable(
  { source, terms }: CutAudit,
  tx: Sql,
  cut: PublishedCut,
  previous: CheckpointMessage | null,
): Promise<Finding[]> {
  const old = new Set(
    (await tx.query<{ address: Address }>("select address from parties where place is null")).map(
      ({ address }) => address,
    ),
  );
  await givePlaces(tx);
  const { maxFeeBps } = terms;
  const table = await hashTable(tx, cut.id);
  const findings = checkMessage(cut.message, { ...table, maxFeeBps, previous });
  if (!findings.some(({ kind }) => kind === "wrong_root" || kind === "wrong_data_hash")) {
    return findings;
  }

  // Only now the server's own table is asked for: it tells what differs.
  const published = await source.rows(cut.message.epoch);
  const expected = await readTable(tx);
  const rows = compareRows(expected, published);
  const isOnlyNewcomers =
    rows.length > 0 &&
    rows.every(({ kind, party }) => kind === "place_moved" && party !== null && old.has(party));
  if (!isOnlyNewcomers) return [...rows, ...findings];

  // Everybody has a place that was free: in which order newcomers get theirs is nobody's loss.
  const places = published.map(({ party }, place) => ({ party, place }));
  await adoptPlaces(
    tx,
    places.filter(({ party }) => old.has(party)),
  );
  const again = await hashTable(tx, cut.id);
  return checkMessage(cut.message, { ...again, maxFeeBps, previous });
}
