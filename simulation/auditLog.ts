import type { LedgerSnapshot, DebitRow } from "./ledgerSnapshot.ts";
import type { SimulatedCard } from "./cards.ts";
import { Disagreement } from "./disagreement.ts";
import type { HoldReport, Journal, Report } from "./journal.ts";
import {
  type ModelPrice,
  type Priced,
  modelCost,
  modelCostAfter,
  modelFee,
  modelRate,
  settledPrice,
} from "./model/price.ts";
import { saidByEvent } from "./fingerprint.ts";

/** The log by event, and how much of it there is. */
export interface AuditedLog {
  readonly debits: ReadonlyMap<string, readonly DebitRow[]>;
  /** the hold that an event is a capture of */
  readonly holdOf: ReadonlyMap<string, string>;
}

/**
 * The log holds what was asked, as it was acknowledged: each event once, at its price, by the allowances that the answers
 * name; and nothing else.
 */
export function auditLog(
  snapshot: LedgerSnapshot,
  journal: Journal,
  cards: readonly SimulatedCard[],
): AuditedLog {
  const debits = Map.groupBy(snapshot.debits, ({ key }) => key);
  const holds = new Map(snapshot.holds.map((hold) => [hold.key, hold]));
  const holdOf = new Map<string, string>();
  const captured = new Map<string, { price: ModelPrice; units: bigint; micros: bigint }>();

  for (const [key, rows] of debits) {
    const [first] = rows;
    const asked = journal.reports.get(key);
    if (first === undefined || asked === undefined) {
      throw new Disagreement("the log holds an event that nobody reported", { key, rows });
    }
    const debited = asked.filter(({ answer }) => "costMicros" in answer);
    const [report] = debited;
    if (report === undefined) {
      throw new Disagreement("an event was debited, and nobody was told", { key, rows, asked });
    }
    if (debited.some(({ said }) => said !== report.said)) {
      throw new Disagreement("two different events were acknowledged under one id", { key, asked });
    }
    const price = priceOf(report, first);
    mustBeLogged(key, rows, report, price);
    if ("eventId" in report.source) {
      const hold = `${report.source.provider}/${report.source.id}`;
      holdOf.set(key, hold);
      const before = captured.get(hold) ?? { price, units: 0n, micros: 0n };
      captured.set(hold, {
        price,
        units: before.units + first.quantity,
        micros: before.micros + rows.reduce((sum, { amount }) => sum + amount, 0n),
      });
    }
  }
  for (const [key, asked] of journal.reports) mustBeAnsweredRightly(key, asked, debits.has(key));
  for (const [hold, { price, units, micros }] of captured) {
    if (micros !== modelCost(price, units) || micros !== holds.get(hold)?.captured) {
      throw new Disagreement("captures cost what they should not", { hold, price, units, micros });
    }
  }
  auditVoids(snapshot, journal, debits);
  auditTierUse(snapshot, debits);
  return { debits, holdOf };

  function priceOf({ source }: Report, row: DebitRow): ModelPrice {
    if (!("eventId" in source)) {
      const at = earlier(source.occurredAt, row.recorded_at);
      return settled(source, { at, quantity: source.quantity, row });
    }
    const key = `${source.provider}/${source.id}`;
    const hold = holds.get(key);
    const [asked] = journal.holds.get(key) ?? [];
    if (hold === undefined || asked === undefined) {
      throw new Disagreement("a capture without a hold", { source });
    }
    const { request, quoted } = asked;
    return quoted ?? settled(request, { at: hold.created_at, quantity: request.quantity, row });
  }

  /** What was used before is as the debit says, which the sum of all bears out; how a multiplier stood is in its log. */
  function settled(
    wanted: Priced,
    { at, quantity, row }: { at: Date; quantity: bigint; row: DebitRow },
  ): ModelPrice {
    const found = modelRate(cards, wanted, at);
    if (typeof found === "string") throw new Disagreement("a debit without a price", { row });
    const { rate, name } = found;
    const start = rate.kind === "dynamic" ? rate.multiplier.startBps : 10_000n;
    const step = snapshot.steps.findLast(
      (each) =>
        each.provider === wanted.provider && each.rate_key === name && each.effective_from <= at,
    );
    const multiplierBps = step?.after_bps ?? start;
    const { basis } = row;
    if (basis?.multiplierBps !== undefined && BigInt(basis.multiplierBps) !== multiplierBps) {
      throw new Disagreement("a multiplier of another moment", { row, step });
    }
    return settledPrice(found, {
      use: useOf(row) ?? "",
      usedBefore: BigInt(basis?.usedUnits ?? 0),
      multiplierBps,
      quantity,
    });
  }
}

/** Whose usage of which tiered rate a debit is part of. */
function useOf({ basis }: DebitRow): string | null {
  if (basis?.use === undefined) return null;
  const { account, month, rateKey } = basis.use;
  return `${account}|${month}|${rateKey}`;
}

/** What accounts have used of tiered rates is what was charged, and not taken back. */
function auditTierUse(snapshot: LedgerSnapshot, debits: AuditedLog["debits"]): void {
  const sums = new Map<string, bigint>();
  for (const [key, [first]] of debits) {
    const use = first === undefined ? null : useOf(first);
    if (use === null || first === undefined || snapshot.voids.has(key)) continue;
    sums.set(use, (sums.get(use) ?? 0n) + first.quantity);
  }
  for (const row of snapshot.tierUse) {
    const use = `${row.account}|${row.month}|${row.rate_key}`;
    if ((sums.get(use) ?? 0n) !== row.quantity) {
      throw new Disagreement("a tier counts what was not used", { row, expected: sums.get(use) });
    }
    sums.delete(use);
  }
  const left = [...sums].filter(([, units]) => units !== 0n);
  if (left.length > 0) throw new Disagreement("a tier does not count what was used", { left });
}

/** What is dated ahead is priced as of now. */
function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}

function mustBeLogged(
  key: string,
  rows: readonly DebitRow[],
  { source, said, answer }: Report,
  price: ModelPrice,
): void {
  if (!("costMicros" in answer)) return;
  // A capture is priced as what follows those before it.
  const captured = BigInt(rows[0]?.basis?.capturedUnits ?? 0);
  const cost = modelCostAfter(price, captured, source.quantity);
  const total = rows.reduce((sum, { amount }) => sum + amount, 0n);
  const isAsAsked = rows.every((row) =>
    "eventId" in source
      ? row.quantity === source.quantity
      : saidByEvent({ ...row, occurredAt: row.occurred_at }) === said,
  );
  const isAsAnswered =
    answer.charges.length === rows.length &&
    rows.every((row, part) => {
      const charge = answer.charges[part];
      return (
        charge?.account === row.account &&
        charge.allowance === row.allowance &&
        charge.amountMicros === row.amount &&
        row.fee === modelFee(row.amount) &&
        row.rate_card === price.version &&
        row.recorded_at.getTime() === answer.recordedAt.getTime()
      );
    });
  if (!isAsAsked || !isAsAnswered || total !== cost || answer.costMicros !== total) {
    throw new Disagreement("the log differs from what was acknowledged", {
      key,
      rows,
      source,
      answer,
      cost,
    });
  }
}

/** Every answer about one event, against each other and against the log. */
function mustBeAnsweredRightly(key: string, asked: readonly Report[], isLogged: boolean): void {
  const debited = asked.filter(({ answer }) => "costMicros" in answer);
  if (debited.length > 0 && !isLogged) {
    throw new Disagreement("an acknowledged debit is lost", { key, asked });
  }
  const firsts = debited.filter(({ answer }) => "costMicros" in answer && !answer.repeated);
  const mayBeLost = asked.some(({ lost }) => lost > 0);
  if (firsts.length > 1 || (firsts.length === 0 && debited.length > 0 && !mayBeLost)) {
    throw new Disagreement("an event came first more than once, or never", { key, asked });
  }
  for (const { answer, said } of asked) {
    if (!("refused" in answer) || answer.refused !== "event_id_conflict") continue;
    if (!debited.some((other) => other.said !== said)) {
      throw new Disagreement("a conflict with nothing", { key, asked });
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
    const told = (journal.voids.get(key) ?? []).filter(
      ({ result }) => result === "voided" || result === "repeated",
    );
    const firsts = told.filter(({ result }) => result === "voided");
    if (rows.length === 0 || amount !== total || told.length === 0 || firsts.length > 1) {
      throw new Disagreement("a void that gives back something else", { key, amount, rows, told });
    }
  }
  for (const [key, told] of journal.voids) {
    const isVoided = told.some(({ result }) => result === "voided" || result === "repeated");
    if (isVoided && !snapshot.voids.has(key)) {
      throw new Disagreement("an acknowledged void is lost", { key, told });
    }
  }
}

/** Original parts of every hold, where an answer told them. */
export function wholeHolds(journal: Journal): ReadonlyMap<string, HoldReport> {
  const whole = new Map<string, HoldReport>();
  for (const [key, reports] of journal.holds) {
    const firsts = reports.filter(({ repeated }) => !repeated);
    if (firsts.length > 1 || new Set(reports.map(({ said }) => said)).size > 1) {
      throw new Disagreement("one hold was made twice", { key, reports });
    }
    const report = reports.find(({ isWhole }) => isWhole);
    if (report !== undefined) whole.set(key, report);
  }
  return whole;
}
