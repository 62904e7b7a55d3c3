import {
  type ExpectedCost,
  type LoggedCapture,
  auditCaptures,
  isCapture,
} from "./auditCaptures.ts";
import type { LedgerSnapshot, DebitRow, LoggedBasis } from "./ledgerSnapshot.ts";
import type { SimulatedCard } from "./cards.ts";
import { DisagreementError } from "./disagreement.ts";
import type { Journal, JournalledEvent } from "./journal.ts";
import { costOf, expectedPrice, sharesOf, versionOf } from "./loggedPrice.ts";
import { keyOf } from "./model/keyOf.ts";
import { modelFee, useText } from "./model/price.ts";
import { fingerprintOfEvent } from "./fingerprint.ts";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";

/** The debits by event key. */
export interface AuditedLog {
  readonly debits: ReadonlyMap<string, readonly DebitRow[]>;
  /** the holds of captures, by event key */
  readonly holdOf: ReadonlyMap<string, string>;
  /** the lot that each part of a capture paid for, by event key */
  readonly lotsOf: ReadonlyMap<string, readonly number[]>;
}

/**
 * Checks that the log contains exactly the acknowledged events. Each is there once, at its price,
 * paid by the allowances in the answer.
 */
export function auditLog(
  snapshot: LedgerSnapshot,
  journal: Journal,
  cards: readonly SimulatedCard[],
): AuditedLog {
  const debits = Map.groupBy(snapshot.debits, ({ key }) => key);
  const acknowledged = new Map<string, JournalledEvent>();
  const captures: LoggedCapture[] = [];
  for (const [key, rows] of debits) {
    const report = acknowledgedReport(key, rows, journal);
    acknowledged.set(key, report);
    const [first, ...others] = rows;
    if (first === undefined || !isCapture(report.source)) continue;
    captures.push({ key, rows: [first, ...others], source: report.source });
  }
  const { expected, lotsOf } = auditCaptures(snapshot, journal, cards, captures);

  const holdOf = new Map<string, string>();
  for (const [key, rows] of debits) {
    const [first] = rows;
    const report = acknowledged.get(key);
    if (first === undefined || report === undefined) continue;
    const { source } = report;
    if (isCapture(source)) holdOf.set(key, keyOf(source));
    const cost = isCapture(source) ? expected.get(key) : costOfEvent(source, first);
    if (cost === undefined) throw new DisagreementError("a capture was not replayed", { key });
    assertLogged(key, rows, report, cost);
  }
  for (const [key, reports] of journal.events) assertAnswers(key, reports, debits.has(key));
  auditVoids(snapshot, journal, debits);
  auditTierUse(snapshot, debits);
  return { debits, holdOf, lotsOf };

  function costOfEvent(source: UsageEvent, row: DebitRow): ExpectedCost {
    const { quantity } = source;
    const at = earlier(source.occurredAt, row.recorded_at);
    const price = expectedPrice(snapshot, cards, source, { at, quantity, basis: row.basis });
    return { costMicros: costOf(price, quantity), version: versionOf(price) };
  }
}

/** The report that became these rows. */
function acknowledgedReport(
  key: string,
  rows: readonly DebitRow[],
  journal: Journal,
): JournalledEvent {
  const reports = journal.events.get(key);
  if (reports === undefined) {
    const evidence = { key, rows };
    throw new DisagreementError("the log contains an event that was never reported", evidence);
  }
  const debited = reports.filter(({ answer }) => "costMicros" in answer);
  const [report] = debited;
  if (report === undefined) {
    const evidence = { key, rows, reports };
    throw new DisagreementError("a debit in the log was never acknowledged", evidence);
  }
  if (debited.some(({ fingerprint }) => fingerprint !== report.fingerprint)) {
    const evidence = { key, reports };
    throw new DisagreementError("two different events were acknowledged under one id", evidence);
  }
  return report;
}

/** Checks that tier usage is the sum of all debits that were not voided. */
function auditTierUse(snapshot: LedgerSnapshot, debits: AuditedLog["debits"]): void {
  const sums = new Map<string, bigint>();
  for (const [key, [first]] of debits) {
    if (first === undefined || snapshot.voids.has(key)) continue;
    const { basis, quantity } = first;
    for (const lot of basis?.lots ?? [{ basis, units: `${quantity}` }]) {
      countUnits(lot.basis, BigInt(lot.units), sums);
    }
  }
  for (const row of snapshot.tierUse) {
    const tierUse = useText(row.account, row.month, row.rate_key);
    if ((sums.get(tierUse) ?? 0n) !== row.quantity) {
      const evidence = { row, expected: sums.get(tierUse) };
      throw new DisagreementError("a tier's usage differs from its debits", evidence);
    }
    sums.delete(tierUse);
  }
  const uncounted = [...sums].filter(([, units]) => units !== 0n);
  if (uncounted.length > 0) {
    throw new DisagreementError("a tier does not count its debits", { uncounted });
  }
}

/** Counts units of one price, after those captured before them. */
function countUnits(basis: LoggedBasis | null, quantity: bigint, sums: Map<string, bigint>): void {
  let before = BigInt(basis?.capturedUnits ?? 0);
  let left = quantity;
  const shares = sharesOf(basis, quantity);
  for (const [n, { use, units }] of shares.entries()) {
    // The first share has the first units of a hold; the last share has all that follow.
    const isLast = n === shares.length - 1;
    const room = BigInt(units) > before ? BigInt(units) - before : 0n;
    before = BigInt(units) > before ? 0n : before - BigInt(units);
    const counted = isLast || left < room ? left : room;
    left -= counted;
    const tierUse = useText(use.account, use.month, use.rateKey);
    sums.set(tierUse, (sums.get(tierUse) ?? 0n) + counted);
  }
}

/** Returns the earlier time: an event dated in the future is priced as of its recording. */
function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}

function assertLogged(
  key: string,
  rows: readonly DebitRow[],
  { source, fingerprint, answer }: JournalledEvent,
  { costMicros: cost, version }: ExpectedCost,
): void {
  if (!("costMicros" in answer)) return;
  const total = rows.reduce((sum, { amount }) => sum + amount, 0n);
  const matchesReport = rows.every((row) =>
    isCapture(source)
      ? row.quantity === source.quantity
      : fingerprintOfEvent({ ...row, occurredAt: row.occurred_at }) === fingerprint,
  );
  const matchesAnswer =
    answer.charges.length === rows.length &&
    rows.every((row, part) => {
      const charge = answer.charges[part];
      return (
        charge?.account === row.account &&
        charge.allowance === row.allowance &&
        charge.amountMicros === row.amount &&
        row.fee === modelFee(row.amount) &&
        row.rate_card === version &&
        row.recorded_at.getTime() === answer.recordedAt.getTime()
      );
    });
  if (!matchesReport || !matchesAnswer || total !== cost || answer.costMicros !== total) {
    throw new DisagreementError("the log differs from what was acknowledged", {
      key,
      rows,
      source,
      answer,
      cost,
    });
  }
}

/** Checks all answers about one event against each other and against the log. */
function assertAnswers(key: string, reports: readonly JournalledEvent[], isInLog: boolean): void {
  const debited = reports.filter(({ answer }) => "costMicros" in answer);
  if (debited.length > 0 && !isInLog) {
    throw new DisagreementError("an acknowledged debit is lost", { key, reports });
  }
  const firsts = debited.filter(({ answer }) => "costMicros" in answer && !answer.repeated);
  const mayBeLost = reports.some(({ lost }) => lost > 0);
  if (firsts.length > 1 || (firsts.length === 0 && debited.length > 0 && !mayBeLost)) {
    const evidence = { key, reports };
    throw new DisagreementError("an event has several first debits, or none", evidence);
  }
  for (const { answer, fingerprint } of reports) {
    if (!("refused" in answer) || answer.refused !== "event_id_conflict") continue;
    if (!debited.some((other) => other.fingerprint !== fingerprint)) {
      throw new DisagreementError("a conflict without another event", { key, reports });
    }
  }
}

function auditVoids(
  snapshot: LedgerSnapshot,
  journal: Journal,
  debits: ReadonlyMap<string, readonly DebitRow[]>,
): void {
  for (const [key, { amount }] of snapshot.voids) {
    const rows = debits.get(key) ?? [];
    const total = rows.reduce((sum, row) => sum + row.amount, 0n);
    const answers = (journal.voids.get(key) ?? []).filter(
      ({ result }) => result === "voided" || result === "repeated",
    );
    const firsts = answers.filter(({ result }) => result === "voided");
    if (rows.length === 0 || amount !== total || answers.length === 0 || firsts.length > 1) {
      const evidence = { key, amount, rows, answers };
      throw new DisagreementError("a void does not return what was debited", evidence);
    }
  }
  for (const [key, answers] of journal.voids) {
    const isVoided = answers.some(({ result }) => result === "voided" || result === "repeated");
    if (isVoided && !snapshot.voids.has(key)) {
      throw new DisagreementError("an acknowledged void is lost", { key, answers });
    }
  }
}
