import type { LedgerSnapshot, DebitRow, LoggedShare } from "./ledgerSnapshot.ts";
import type { SimulatedCard } from "./cards.ts";
import { DisagreementError } from "./disagreement.ts";
import type { JournalledHold, Journal, JournalledEvent } from "./journal.ts";
import {
  type ModelPrice,
  type RateQuery,
  modelCost,
  modelFee,
  modelRate,
  priceFrom,
  useText,
} from "./model/price.ts";
import { type ModelShare, costOfShares } from "./model/sharing.ts";
import { fingerprintOfEvent } from "./fingerprint.ts";

/** The debits by event key. */
export interface AuditedLog {
  readonly debits: ReadonlyMap<string, readonly DebitRow[]>;
  /** the holds of captures, by event key */
  readonly holdOf: ReadonlyMap<string, string>;
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
  const holds = new Map(snapshot.holds.map((hold) => [hold.key, hold]));
  const holdOf = new Map<string, string>();
  const captured = new Map<string, { price: LoggedPrice; units: bigint; micros: bigint }>();

  for (const [key, rows] of debits) {
    const [first] = rows;
    const reports = journal.events.get(key);
    if (first === undefined || reports === undefined) {
      throw new DisagreementError("the log contains an event that was never reported", {
        key,
        rows,
      });
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
    const price = priceOf(report, first);
    assertLogged(key, rows, report, price);
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
  for (const [key, reports] of journal.events) assertAnswers(key, reports, debits.has(key));
  for (const [hold, { price, units, micros }] of captured) {
    if (micros !== costOf(price, units) || micros !== holds.get(hold)?.captured) {
      const evidence = { hold, price, units, micros };
      throw new DisagreementError("captures have the wrong cost", evidence);
    }
  }
  auditVoids(snapshot, journal, debits);
  auditTierUse(snapshot, debits);
  return { debits, holdOf };

  function priceOf({ source }: JournalledEvent, row: DebitRow): LoggedPrice {
    if (!("eventId" in source)) {
      const at = earlier(source.occurredAt, row.recorded_at);
      return expectedPrice(source, { at, quantity: source.quantity, row });
    }
    const key = `${source.provider}/${source.id}`;
    const hold = holds.get(key);
    const [report] = journal.holds.get(key) ?? [];
    if (hold === undefined || report === undefined) {
      throw new DisagreementError("a capture without a hold", { source });
    }
    const { request, quotedPrice } = report;
    return (
      quotedPrice ??
      expectedPrice(request, { at: hold.created_at, quantity: request.quantity, row })
    );
  }

  /**
   * Takes prior usage from the debit, because `auditTierUse` checks the sums. Takes the multiplier
   * from its log.
   */
  function expectedPrice(
    query: RateQuery,
    { at, quantity, row }: { at: Date; quantity: bigint; row: DebitRow },
  ): LoggedPrice {
    const found = modelRate(cards, query, at);
    if (typeof found === "string") throw new DisagreementError("a debit without a price", { row });
    const { rate, name } = found;
    const start = rate.kind === "dynamic" ? rate.multiplier.startBps : 10_000n;
    const step = snapshot.steps.findLast(
      (each) =>
        each.provider === query.provider && each.rate_key === name && each.effective_from <= at,
    );
    const multiplierBps = step?.after_bps ?? start;
    const { basis } = row;
    if (basis?.multiplierBps !== undefined && BigInt(basis.multiplierBps) !== multiplierBps) {
      throw new DisagreementError("a debit has another time's multiplier", { row, step });
    }
    const priceAt = (tier: Pick<LoggedShare, "use" | "usedUnits"> | null) =>
      priceFrom(found, {
        use: tier === null ? "" : useText(tier.use.account, tier.use.month, tier.use.rateKey),
        usedBefore: BigInt(tier?.usedUnits ?? 0),
        multiplierBps,
        quantity,
      });
    const shares = sharesOf(row);
    if (shares.length === 0) return priceAt(null);
    return shares.map((share) => ({
      account: share.use.account,
      price: priceAt(share),
      micros: BigInt(share.micros),
      units: BigInt(share.units),
    }));
  }
}

/** One price for all payers, or the shares of accounts at their own tiers. */
type LoggedPrice = ModelPrice | readonly ModelShare[];

function costOf(price: LoggedPrice, quantity: bigint): bigint {
  return "rate" in price ? modelCost(price, quantity) : costOfShares(price, quantity);
}

/** Returns the accounts at whose tiers a debit was priced; none for other rates. */
function sharesOf({ basis, quantity }: DebitRow): readonly LoggedShare[] {
  if (basis?.shares !== undefined) return basis.shares;
  if (basis?.use === undefined) return [];
  const { use, usedUnits = "0" } = basis;
  return [{ use, usedUnits, micros: "0", units: `${quantity}` }];
}

/** Checks that tier usage is the sum of all debits that were not voided. */
function auditTierUse(snapshot: LedgerSnapshot, debits: AuditedLog["debits"]): void {
  const sums = new Map<string, bigint>();
  for (const [key, [first]] of debits) {
    if (first === undefined || snapshot.voids.has(key)) continue;
    let before = BigInt(first.basis?.capturedUnits ?? 0);
    let left = first.quantity;
    const shares = sharesOf(first);
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

/** Returns the earlier time: an event dated in the future is priced as of its recording. */
function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}

function assertLogged(
  key: string,
  rows: readonly DebitRow[],
  { source, fingerprint, answer }: JournalledEvent,
  price: LoggedPrice,
): void {
  if (!("costMicros" in answer)) return;
  // A capture costs the units after those captured before.
  const captured = BigInt(rows[0]?.basis?.capturedUnits ?? 0);
  const cost = costOf(price, captured + source.quantity) - costOf(price, captured);
  const [anyPrice] = "rate" in price ? [price] : price.map((share) => share.price);
  const total = rows.reduce((sum, { amount }) => sum + amount, 0n);
  const matchesReport = rows.every((row) =>
    "eventId" in source
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
        row.rate_card === anyPrice?.version &&
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

/** Returns each hold's original parts, if an answer contained them. */
export function originalHolds(journal: Journal): ReadonlyMap<string, JournalledHold> {
  const originals = new Map<string, JournalledHold>();
  for (const [key, reports] of journal.holds) {
    const firsts = reports.filter(({ repeated }) => !repeated);
    if (firsts.length > 1 || new Set(reports.map(({ fingerprint }) => fingerprint)).size > 1) {
      throw new DisagreementError("a hold was created twice", { key, reports });
    }
    const report = reports.find(({ isOriginal }) => isOriginal);
    if (report !== undefined) originals.set(key, report);
  }
  return originals;
}
