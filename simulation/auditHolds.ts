import { isDeepStrictEqual } from "node:util";

import type { SimulatedCard } from "./cards.ts";
import { DisagreementError } from "./disagreement.ts";
import type { Journal, JournalledExtension, JournalledHold } from "./journal.ts";
import type { HoldLotRow, HoldRow, LedgerSnapshot } from "./ledgerSnapshot.ts";
import { costOf, expectedPrice } from "./loggedPrice.ts";
import { lotKey } from "./model/keyOf.ts";
import type { SimulatedHold } from "./model/holdRequest.ts";
import { modelRate } from "./model/price.ts";

/**
 * Checks that each hold has the lots that were asked for, and those of its acknowledged extensions,
 * each at the price of its time; and that it ends when they say.
 */
export function auditHolds(
  snapshot: LedgerSnapshot,
  journal: Journal,
  cards: readonly SimulatedCard[],
): void {
  const lots = Map.groupBy(snapshot.lots, ({ key }) => key);
  const extensions = Map.groupBy(
    [...journal.extensions.values()].flatMap((answers) => accepted(answers) ?? []),
    ({ request }) => `${request.provider}/${request.id}`,
  );
  const holds = new Map(snapshot.holds.map((hold) => [hold.key, hold]));
  for (const [key, reports] of journal.holds) {
    const [report] = reports;
    const hold = holds.get(key);
    if (hold === undefined || report === undefined) {
      throw new DisagreementError("an acknowledged hold is lost", { key, reports });
    }
    assertOnce(reports);
    const made = extensions.get(key) ?? [];
    assertLots(report.request, lots.get(key) ?? [], made);
    assertEnd(report.request, hold, made);
    assertPrices(report, lots.get(key) ?? []);
  }
  for (const { key } of snapshot.holds) {
    if (!journal.holds.has(key)) throw new DisagreementError("a hold of no request", { key });
  }
  for (const { request, events } of journal.captureConflicts) {
    const isInUse = events.some((event) =>
      journal.events.get(event)?.some(({ answer }) => "costMicros" in answer),
    );
    if (!isInUse) throw new DisagreementError("a conflict without another event", { request });
  }

  /** Whether what was reserved is its price, apart from tiers: these depend on what was used. */
  function assertPrices({ request, quotedPrice }: JournalledHold, ofHold: readonly HoldLotRow[]) {
    for (const { key, lot, line, quantity, heldAt } of ofHold) {
      const parts = journal.originalParts.get(lotKey(key, lot));
      const work = request.lines.find((each) => each.line === line);
      if (parts === undefined || work === undefined) continue;
      const query = { provider: request.provider, ...work };
      const found = modelRate(cards, query, heldAt);
      const isTiered =
        typeof found !== "string" &&
        (found.rate.kind === "graduated" || found.rate.kind === "volume");
      if (isTiered || (lot === 0 && quotedPrice !== null)) continue;
      const price = expectedPrice(snapshot, cards, query, { at: heldAt, quantity, basis: null });
      const reserved = parts.reduce((sum, { heldMicros }) => sum + heldMicros, 0n);
      if (reserved !== costOf(price, quantity)) {
        throw new DisagreementError("a lot has another time's price", { key, lot, parts, price });
      }
    }
  }
}

/** The answer to an extension that was made; `null` if all of its requests were refused. */
function accepted(answers: readonly JournalledExtension[]): JournalledExtension | null {
  const made = answers.filter(({ answer }) => "repeated" in answer);
  const [first] = made;
  const firsts = made.filter(({ answer }) => "repeated" in answer && !answer.repeated);
  const mayBeLost = answers.some(({ lost }) => lost > 0);
  const isOnce =
    first === undefined ||
    (made.every(({ fingerprint }) => fingerprint === first.fingerprint) &&
      (firsts.length === 1 || (firsts.length === 0 && mayBeLost)));
  const isConflict = answers.some(
    ({ answer, fingerprint }) =>
      "refused" in answer &&
      answer.refused === "extension_id_conflict" &&
      (first === undefined || first.fingerprint === fingerprint),
  );
  if (!isOnce || isConflict) {
    throw new DisagreementError("an extension was made twice, or not at all", { answers });
  }
  return firsts[0] ?? first ?? null;
}

function assertOnce(reports: readonly JournalledHold[]): void {
  const firsts = reports.filter(({ repeated }) => !repeated);
  if (firsts.length > 1 || new Set(reports.map(({ fingerprint }) => fingerprint)).size > 1) {
    throw new DisagreementError("a hold was created twice", { reports });
  }
}

function text({ line, quantity }: { readonly line: string; readonly quantity: bigint }): string {
  return `${line} ${quantity}`;
}

function after(at: Date, seconds: number | null): number {
  return at.getTime() + (seconds ?? 0) * 1000;
}

function assertLots(
  { lines }: SimulatedHold,
  lots: readonly HoldLotRow[],
  extensions: readonly JournalledExtension[],
): void {
  const added = extensions.flatMap(({ request }) => request.lines.map(text));
  const isAsked =
    lines.every((each, n) => {
      const lot = lots[n];
      return lot !== undefined && text(lot) === text(each) && lot.meter === each.meter;
    }) && isDeepStrictEqual(lots.slice(lines.length).map(text).toSorted(), added.toSorted());
  // The first answer says how many lots the hold had then.
  const isInPlace = extensions.every(({ answer, request }) => {
    if (!("lots" in answer) || answer.repeated) return true;
    const place = answer.lots - request.lines.length;
    return request.lines.every((each, n) => {
      const lot = lots[place + n];
      return lot !== undefined && text(lot) === text(each);
    });
  });
  if (!isAsked || !isInPlace) {
    throw new DisagreementError("a hold has other lots", { lines, lots, extensions });
  }
}

/** A hold ends so long after its creation or an extension as the longest of them asks for. */
function assertEnd(
  { ttlSeconds }: SimulatedHold,
  { created_at: createdAt, expires_at: expiresAt }: HoldRow,
  extensions: readonly JournalledExtension[],
): void {
  const first = after(createdAt, ttlSeconds);
  const timed = extensions.filter(({ request }) => request.ttlSeconds !== null);
  const earliest = timed.map(({ from, request }) => after(from, request.ttlSeconds));
  const latest = timed.map(({ until, request }) => after(until, request.ttlSeconds));
  const end = expiresAt.getTime();
  if (end < Math.max(first, ...earliest) || end > Math.max(first, ...latest)) {
    throw new DisagreementError("a hold ends at another time", { createdAt, expiresAt, timed });
  }
}
