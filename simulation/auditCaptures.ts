import type { SimulatedCard } from "./cards.ts";
import { DisagreementError } from "./disagreement.ts";
import type { Journal, JournalledEvent } from "./journal.ts";
import type {
  DebitRow,
  HoldLotRow,
  HoldRow,
  LedgerSnapshot,
  LoggedBasis,
  LoggedLot,
} from "./ledgerSnapshot.ts";
import {
  type LoggedPrice,
  costAfter,
  costOf,
  expectedPrice,
  isSamePrice,
  versionOf,
} from "./loggedPrice.ts";
import type { SimulatedLineCapture } from "./model/holdRequest.ts";
import { takesOf } from "./model/lots.ts";
import type { LineRequest } from "@compute-credits/rules/holds/lines";

/** What an event must cost, at the rate card that it names. */
export interface ExpectedCost {
  readonly costMicros: bigint;
  readonly version: number | undefined;
}

/** A capture in the log. */
export interface LoggedCapture {
  readonly key: string;
  readonly rows: readonly [DebitRow, ...DebitRow[]];
  readonly source: SimulatedLineCapture;
}

interface ReplayedLot extends LineRequest {
  readonly heldAt: Date;
  readonly logOrder: bigint;
  capturedUnits: bigint;
  capturedMicros: bigint;
  /** the price of its first capture */
  price: LoggedPrice | null;
}

export interface AuditedCaptures {
  /** by event key */
  readonly expected: ReadonlyMap<string, ExpectedCost>;
  /** the lot that each part of a capture paid for, by event key */
  readonly lotsOf: ReadonlyMap<string, readonly number[]>;
}

/**
 * Replays the captures of each hold in the order of the log. Each uses the lots of its line in
 * their order, and costs what they were reserved at; all of them are what the hold says.
 */
export function auditCaptures(
  snapshot: LedgerSnapshot,
  journal: Journal,
  cards: readonly SimulatedCard[],
  captures: readonly LoggedCapture[],
): AuditedCaptures {
  const holds = new Map(snapshot.holds.map((hold) => [hold.key, hold]));
  const lots = Map.groupBy(snapshot.lots, ({ key }) => key);
  const expected = new Map<string, ExpectedCost>();
  const lotsOf = new Map<string, readonly number[]>();

  const ofHolds = Map.groupBy(captures, ({ source }) => `${source.provider}/${source.id}`);
  for (const [holdKey, ofHold] of ofHolds) {
    const hold = holds.get(holdKey);
    const [report] = journal.holds.get(holdKey) ?? [];
    if (hold === undefined || report === undefined) {
      throw new DisagreementError("a capture without a hold", { ofHold });
    }
    const { request, quotedPrice } = report;
    const replayed = (lots.get(holdKey) ?? []).map((lot): ReplayedLot => {
      const work = request.lines.find(({ line }) => line === lot.line);
      if (work === undefined) throw new DisagreementError("a lot without a line", { lot, request });
      const { line, meter, dimensions } = work;
      const { quantity, heldAt, logOrder } = lot;
      const none = { capturedUnits: 0n, capturedMicros: 0n, price: null };
      return { line, meter, dimensions, quantity, heldAt, logOrder, ...none };
    });
    const inOrder = ofHold.toSorted((a, b) => (a.rows[0].log_order < b.rows[0].log_order ? -1 : 1));
    for (const capture of inOrder) {
      const priceOf = (lot: ReplayedLot, basis: LoggedBasis | null) =>
        quotedPrice !== null && lot === replayed[0]
          ? quotedPrice
          : expectedPrice(
              snapshot,
              cards,
              { provider: request.provider, meter: lot.meter, dimensions: lot.dimensions },
              { at: lot.heldAt, quantity: lot.quantity, basis },
            );
      // Later lots are of extensions that came after the capture.
      const { log_order: logOrder } = capture.rows[0];
      const there = replayed.filter((lot) => lot.logOrder < logOrder);
      const { cost, places } = replay(capture, hold, there, priceOf);
      expected.set(capture.key, cost);
      lotsOf.set(capture.key, places);
    }
    assertCaptured(replayed, lots.get(holdKey) ?? [], hold);
  }
  return { expected, lotsOf };
}

/** Replays one capture on the lots. Returns its cost, and the lot of each of its parts. */
function replay(
  { rows, source }: LoggedCapture,
  hold: HoldRow,
  lots: readonly ReplayedLot[],
  priceOf: (lot: ReplayedLot, basis: LoggedBasis | null) => LoggedPrice,
): { readonly cost: ExpectedCost; readonly places: readonly number[] } {
  const [{ basis, quantity, rate_card: rateCardVersion }] = rows;
  const takes = takesOf(lots, source) ?? [];
  const fail = (what: string, evidence: object = {}) =>
    new DisagreementError(what, { rows, source, lots, takes, ...evidence });
  const alone: LoggedLot = {
    units: `${quantity}`,
    charges: rows.length,
    rateCardVersion,
    heldAt: hold.created_at.toISOString(),
    basis,
  };
  const logged = basis?.lots ?? [alone];
  if (logged.length !== takes.length) throw fail("a capture names other lots");
  const places: number[] = [];
  let costMicros = 0n;
  let version: number | undefined;
  for (const [n, { lot: place, units }] of takes.entries()) {
    const [lot, entry] = [lots[place], logged[n]];
    if (lot === undefined || entry === undefined) throw fail("a capture lacks a lot");
    const before = BigInt(entry.basis?.capturedUnits ?? 0);
    const price = priceOf(lot, entry.basis);
    const micros = costAfter(price, before, units);
    const paid = rows
      .slice(places.length, places.length + entry.charges)
      .reduce((sum, { amount }) => sum + amount, 0n);
    const isAsLogged =
      BigInt(entry.units) === units &&
      before === lot.capturedUnits &&
      new Date(entry.heldAt).getTime() === lot.heldAt.getTime() &&
      entry.rateCardVersion === versionOf(price) &&
      isSamePrice(price, lot.price ?? price) &&
      paid === micros;
    if (!isAsLogged) throw fail("a capture differs from its lot", { place, entry, price, micros });
    lot.price ??= price;
    lot.capturedUnits += units;
    lot.capturedMicros += micros;
    costMicros += micros;
    version ??= versionOf(price);
    places.push(...Array.from({ length: entry.charges }, () => place));
  }
  if (places.length !== rows.length) throw fail("a capture has parts of no lot");
  return { cost: { costMicros, version }, places };
}

/** Checks that each lot gave what its captures took, which costs as much as all of them at once. */
function assertCaptured(
  replayed: readonly ReplayedLot[],
  stored: readonly HoldLotRow[],
  hold: HoldRow,
): void {
  for (const [place, { capturedUnits, capturedMicros, price }] of replayed.entries()) {
    const row = stored[place];
    const isStored = row?.captured === capturedMicros && row.capturedUnits === capturedUnits;
    const isWhole = price === null || costOf(price, capturedUnits) === capturedMicros;
    if (isStored && isWhole) continue;
    throw new DisagreementError("captures have the wrong cost", { hold, place, row, replayed });
  }
}

/** Whether the event was captured from a hold. */
export function isCapture(source: JournalledEvent["source"]): source is SimulatedLineCapture {
  return "eventId" in source;
}
