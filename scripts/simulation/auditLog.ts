import type { Books, DebitRow } from "./books.ts";
import type { SimulatedCard } from "./cards.ts";
import { Disagreement } from "./disagreement.ts";
import type { HoldReport, Journal, Report } from "./journal.ts";
import { modelCost, modelFee, modelRate } from "./model/price.ts";
import type { ModelRate } from "./model/state.ts";
import { saidByEvent } from "./sayings.ts";

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
  books: Books,
  journal: Journal,
  cards: readonly SimulatedCard[],
): AuditedLog {
  const debits = Map.groupBy(books.debits, ({ key }) => key);
  const holds = new Map(books.holds.map((hold) => [hold.key, hold]));
  const holdOf = new Map<string, string>();
  const captured = new Map<string, { rate: ModelRate; units: bigint; micros: bigint }>();

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
    const rate = rateOf(report, first);
    mustBeLogged(key, rows, report, rate);
    if ("eventId" in report.source) {
      const hold = `${report.source.provider}/${report.source.id}`;
      holdOf.set(key, hold);
      const before = captured.get(hold) ?? { rate, units: 0n, micros: 0n };
      captured.set(hold, {
        rate,
        units: before.units + first.quantity,
        micros: before.micros + rows.reduce((sum, { amount }) => sum + amount, 0n),
      });
    }
  }
  for (const [key, asked] of journal.reports) mustBeAnsweredRightly(key, asked, debits.has(key));
  for (const [hold, { rate, units, micros }] of captured) {
    if (micros !== modelCost(rate, units) || micros !== holds.get(hold)?.captured) {
      throw new Disagreement("captures cost what they should not", { hold, rate, units, micros });
    }
  }
  auditVoids(books, journal, debits);
  return { debits, holdOf };

  function rateOf({ source }: Report, row: DebitRow): ModelRate {
    const { meter, dimensions, recorded_at: recordedAt } = row;
    if (!("eventId" in source))
      return priced(modelRate(cards, source, earlier(source.occurredAt, recordedAt)));
    const hold = holds.get(`${source.provider}/${source.id}`);
    if (hold === undefined) throw new Disagreement("a capture without a hold", { source });
    return priced(modelRate(cards, { meter, dimensions }, hold.created_at));
  }
}

/** What is dated ahead is priced as of now. */
function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}

function priced(rate: ReturnType<typeof modelRate>): ModelRate {
  if (typeof rate === "string") throw new Disagreement("a debit without a price", { rate });
  return rate;
}

function mustBeLogged(
  key: string,
  rows: readonly DebitRow[],
  { source, said, answer }: Report,
  rate: ModelRate,
): void {
  if (!("costMicros" in answer)) return;
  const cost = modelCost(rate, source.quantity);
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
        row.rate_card === rate.version &&
        row.recorded_at.getTime() === answer.recordedAt.getTime()
      );
    });
  // What rounding took of an earlier capture of the hold, it does not take again.
  const isPriced = total === cost || ("eventId" in source && total === cost - 1n);
  if (!isAsAsked || !isAsAnswered || !isPriced || answer.costMicros !== total) {
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
  books: Books,
  journal: Journal,
  debits: ReadonlyMap<string, readonly DebitRow[]>,
): void {
  for (const [key, { amount }] of books.voids) {
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
    if (isVoided && !books.voids.has(key)) {
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
