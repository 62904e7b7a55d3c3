import { min } from "@compute-credits/protocol/amounts";
import { pricePinnedPart } from "../pricing/pinnedRate.ts";
import type { Charge } from "../spending/findCharges.ts";
import type { SpendingDraft } from "../spending/spendingDraft.ts";
import {
  type Hold,
  type HoldLot,
  type HoldPart,
  type HoldResolution,
  capturedMicros,
  heldMicros,
  isExpired,
} from "./hold.ts";
import type { LineCapture } from "./requests.ts";

/** The hold has ended: nothing more can be captured, released or extended. */
export interface HoldOver {
  readonly reason: "hold_resolved";
  readonly resolution: HoldResolution;
  readonly capturedMicros: bigint;
}

export interface LineNotFound {
  readonly reason: "hold_line_not_found";
  readonly line: string;
  /** the lines that the hold has */
  readonly lines: readonly string[];
}

export function lineNotFound(line: string, lots: readonly HoldLot[]): LineNotFound {
  const known = new Set(lots.map((lot) => lot.line));
  return { reason: "hold_line_not_found", line, lines: [...known] };
}

export type ResolveRefusal =
  | HoldOver
  | LineNotFound
  | {
      readonly reason: "capture_exceeds_hold";
      /** of the line that lacks credits */
      readonly heldMicros: bigint;
      readonly neededMicros: bigint;
      /** if the capture is of several lines */
      readonly line?: string;
    };

/**
 * Checks that a hold is still open; `null` if so. An expired hold counts as resolved, even before
 * the sweep has recorded it.
 */
export function checkOpen(hold: Hold, now: Date): HoldOver | null {
  const { resolution, expiresAt } = hold;
  if (resolution === null && !isExpired({ expiresAt }, now)) return null;
  return {
    reason: "hold_resolved",
    resolution: resolution ?? { as: "expired", at: expiresAt },
    capturedMicros: capturedMicros(hold),
  };
}

/** Units that one capture takes from one lot. */
export interface LotUse {
  /** the lot before the capture */
  readonly lot: HoldLot;
  readonly quantity: bigint;
  /** by its rate, after the units captured before */
  readonly costMicros: bigint;
  readonly charges: readonly Charge[];
}

/** What a capture takes from one line. */
export interface CapturedUnits extends LineCapture {
  readonly costMicros: bigint;
  /** at least one, in the order of the line's lots */
  readonly uses: readonly LotUse[];
}

/**
 * Charges units at the pinned rates from the held credits, line by line and part by part: all lines
 * or none. A `final` capture returns the rest and ends the hold; any other leaves it open. Changes
 * `draft` only if it succeeds.
 */
export function capture(
  hold: Hold,
  { lines, final }: { readonly lines: readonly LineCapture[]; readonly final: boolean },
  draft: SpendingDraft,
): { hold: Hold; captured: readonly CapturedUnits[] } | ResolveRefusal {
  const over = checkOpen(hold, draft.now);
  if (over !== null) return over;
  let { lots } = hold;
  const captured: CapturedUnits[] = [];
  for (const asked of lines) {
    const found = useLots(lots, asked);
    if ("reason" in found) {
      return found.reason === "capture_exceeds_hold" && lines.length > 1
        ? { ...found, line: asked.line }
        : found;
    }
    captured.push({ ...asked, costMicros: found.costMicros, uses: found.uses });
    lots = found.lots;
  }

  const after = lots.map((lot, index) => {
    const before = hold.lots[index]?.parts ?? [];
    const parts = lot.parts.map((part, n): HoldPart => {
      const capturedNow = (before[n]?.heldMicros ?? 0n) - part.heldMicros;
      const returnedMicros = final ? part.heldMicros : 0n;
      draft.resolveHeld(part, {
        capturedMicros: capturedNow,
        returnedMicros,
        heldAt: lot.heldAt,
      });
      return returnedMicros === 0n ? part : { ...part, heldMicros: 0n };
    });
    return { ...lot, parts };
  });
  const resolution: HoldResolution | null = final ? { as: "captured", at: draft.now } : null;
  return { hold: { ...hold, lots: after, resolution }, captured };
}

/** Takes a line's units from its lots in order; the last one prices all that exceed the others. */
function useLots(
  lots: readonly HoldLot[],
  { line, quantity }: LineCapture,
): { lots: readonly HoldLot[]; uses: readonly LotUse[]; costMicros: bigint } | ResolveRefusal {
  const ofLine = lots.filter((lot) => lot.line === line);
  const last = ofLine.at(-1);
  if (last === undefined) return lineNotFound(line, lots);
  const uses: LotUse[] = [];
  const used = new Map<HoldLot, HoldLot>();
  let left = quantity;
  let costMicros = 0n;
  let isShort = false;
  for (const lot of ofLine) {
    const room = lot.quantity > lot.capturedQuantity ? lot.quantity - lot.capturedQuantity : 0n;
    const units = lot === last ? left : min(left, room);
    if (units === 0n && (lot !== last || uses.length > 0)) continue;
    const usedUnits = lot.capturedQuantity;
    const lotMicros = pricePinnedPart(lot.rate, { usedUnits, quantity: units });
    isShort ||= lotMicros > heldMicros({ lots: [lot] });
    const { parts, charges } = takeFrom(lot.parts, lotMicros);
    uses.push({ lot, quantity: units, costMicros: lotMicros, charges });
    used.set(lot, {
      ...lot,
      parts,
      capturedMicros: lot.capturedMicros + lotMicros,
      capturedQuantity: usedUnits + units,
    });
    left -= units;
    costMicros += lotMicros;
  }
  if (isShort) {
    return {
      reason: "capture_exceeds_hold",
      heldMicros: heldMicros({ lots: ofLine }),
      neededMicros: costMicros,
    };
  }
  return {
    lots: lots.map((lot) => used.get(lot) ?? lot),
    uses: costMicros === 0n ? recordFree(uses) : uses,
    costMicros,
  };
}

/** Takes an amount from parts in their order, as far as they reach. */
function takeFrom(
  parts: readonly HoldPart[],
  amountMicros: bigint,
): { parts: readonly HoldPart[]; charges: readonly Charge[] } {
  const charges: Charge[] = [];
  let missing = amountMicros;
  const rest = parts.map((part) => {
    const { account, allowance } = part;
    const taken = min(part.heldMicros, missing);
    if (taken === 0n) return part;
    missing -= taken;
    charges.push({ account, allowance, amountMicros: taken });
    return { account, allowance, heldMicros: part.heldMicros - taken };
  });
  return { parts: rest, charges };
}

/** A free capture is recorded under the first allowance, as a free event is. */
function recordFree([first, ...others]: readonly LotUse[]): readonly LotUse[] {
  const [part] = first?.lot.parts ?? [];
  if (first === undefined || part === undefined) return [];
  const { account, allowance } = part;
  return [{ ...first, charges: [{ account, allowance, amountMicros: 0n }] }, ...others];
}

/** Returns all credits still held and ends the hold. */
export function returnHeld(hold: Hold, as: "released" | "expired", draft: SpendingDraft): Hold {
  const lots = hold.lots.map((lot) => {
    for (const part of lot.parts) {
      draft.resolveHeld(part, {
        capturedMicros: 0n,
        returnedMicros: part.heldMicros,
        heldAt: lot.heldAt,
      });
    }
    return { ...lot, parts: lot.parts.map((part) => ({ ...part, heldMicros: 0n })) };
  });
  return { ...hold, lots, resolution: { as, at: draft.now } };
}
