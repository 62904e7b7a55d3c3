import type { Address, Hex } from "viem";

import type { CaptureOutcome, CapturedLine } from "@compute-credits/rules/holds/outcome";
import type { Debited } from "@compute-credits/rules/usage/outcome";
import { fingerprintOfCapture } from "../fingerprint.ts";
import { type SimulatedCapture, lineCapturesOf } from "./holdRequest.ts";
import { keyOf } from "./keyOf.ts";
import { type LotTake, costOfTake, heldOf, takeMicros, takesOf } from "./lots.ts";
import type { ModelState } from "./modelState.ts";
import type { Charges } from "./payers.ts";
import { refused } from "./refused.ts";
import { usesOfShares } from "./sharing.ts";
import type { ModelHold, ModelLot } from "./state.ts";
import { addEvent } from "./usage.ts";

export type ModelCapture =
  | {
      readonly result: "captured";
      readonly hold: ModelHold;
      readonly debit: Debited;
      readonly lines: readonly CapturedLine[];
    }
  | Extract<CaptureOutcome, { result: "refused" }>
  | { readonly result: "refused"; readonly refusal: unknown };

/** Captures from lines, in their order: all of them, or none. */
export function captureHold(
  modelState: ModelState,
  request: SimulatedCapture,
  at: Date,
): ModelCapture {
  const hold = modelState.holds.get(keyOf(request));
  if (hold === undefined) return refused({ reason: "hold_not_found" });
  const known = knownCapture(modelState, request);
  if (known !== null) {
    return known === "conflict"
      ? refused({ reason: "event_id_conflict" })
      : { result: "captured", hold, debit: sumOf(known), lines: known };
  }
  const refusal = refusalIfEnded(hold, at);
  if (refusal !== null) return refused(refusal);

  let { lots } = hold;
  const captured: LineTaken[] = [];
  for (const asked of request.lines) {
    const takes = takesOf(lots, asked);
    if (takes === null) {
      const lines = [...new Set(hold.lots.map(({ line }) => line))];
      return refused({ reason: "hold_line_not_found", line: asked.line, lines });
    }
    const taken = takeLine(lots, takes);
    if ("neededMicros" in taken) {
      const heldMicros = lots
        .filter(({ line }) => line === asked.line)
        .reduce((sum, lot) => sum + heldOf(lot), 0n);
      const named = request.lines.length > 1 ? { line: asked.line } : {};
      const { neededMicros } = taken;
      return refused({ reason: "capture_exceeds_hold", heldMicros, neededMicros, ...named });
    }
    lots = taken.lots;
    captured.push(taken);
  }

  const after = lots.map((lot, n): ModelLot => {
    const parts = lot.parts.map((part, m) => {
      const before = hold.lots[n]?.parts[m]?.heldMicros ?? 0n;
      const returned = request.final ? part.heldMicros : 0n;
      const change = { at, takenAt: lot.heldAt, captured: before - part.heldMicros, returned };
      reduceHeld(modelState, part, change);
      return { ...part, heldMicros: part.heldMicros - returned };
    });
    return { ...lot, parts };
  });
  const changed: ModelHold = {
    ...hold,
    lots: after,
    resolution: request.final ? { as: "captured", at } : null,
  };
  modelState.set(modelState.holds, keyOf(request), changed);

  const lines = lineCapturesOf(request).map((line, n): CapturedLine => {
    const { charges = [], uses = new Map<string, bigint>(), version = 0 } = captured[n] ?? {};
    const debit: Debited = {
      result: "debited",
      costMicros: charges.reduce((sum, { amountMicros }) => sum + amountMicros, 0n),
      rateCardVersion: version,
      charges: charges.map(({ account, allowance, amountMicros }) => ({
        account,
        allowance,
        amountMicros,
      })),
      recordedAt: at,
      repeated: false,
    };
    addEvent(modelState, keyOf({ provider: line.provider, id: line.eventId }), {
      fingerprint: fingerprintOfCapture(line),
      provider: line.provider,
      outcome: debit,
      takenAt: charges.map(({ heldAt }) => heldAt),
      uses,
      voidedAt: null,
    });
    const { line: id, eventId, quantity } = line;
    return { line: id, eventId, quantity, debit };
  });
  return { result: "captured", hold: changed, debit: sumOf(lines), lines };
}

/** The first outcome, if each line was captured like this before; `null` if none was. */
function knownCapture(
  modelState: ModelState,
  request: SimulatedCapture,
): readonly CapturedLine[] | "conflict" | null {
  const lines = lineCapturesOf(request).map((line) => ({
    line,
    event: modelState.events.get(keyOf({ provider: line.provider, id: line.eventId })),
  }));
  if (lines.every(({ event }) => event === undefined)) return null;
  const known = lines.flatMap(({ line, event }) => {
    if (event?.fingerprint !== fingerprintOfCapture(line)) return [];
    const { line: id, eventId, quantity } = line;
    return [{ line: id, eventId, quantity, debit: { ...event.outcome, repeated: true } }];
  });
  return known.length === lines.length ? known : "conflict";
}

interface LineTaken {
  readonly lots: readonly ModelLot[];
  readonly charges: readonly (Charges[number] & { readonly heldAt: Date })[];
  /** tier usage to count */
  readonly uses: ReadonlyMap<string, bigint>;
  /** of the first lot's rate card */
  readonly version: number;
}

/** Charges each lot for its units. The line is short if one lot is. */
function takeLine(
  lots: readonly ModelLot[],
  takes: readonly LotTake[],
): LineTaken | { readonly neededMicros: bigint } {
  const after = [...lots];
  const charges: LineTaken["charges"][number][] = [];
  const uses = new Map<string, bigint>();
  let neededMicros = 0n;
  let isShort = false;
  for (const { lot: place, units } of takes) {
    const lot = lotAt(lots, place);
    const micros = costOfTake(lot, units);
    neededMicros += micros;
    isShort ||= micros > heldOf(lot);
    const taken = takeMicros(lot, micros);
    charges.push(...taken.charges.map((charge) => ({ ...charge, heldAt: lot.heldAt })));
    for (const [use, counted] of usesOfShares(lot.shares, lot.capturedUnits, units)) {
      uses.set(use, (uses.get(use) ?? 0n) + counted);
    }
    after[place] = {
      ...lot,
      parts: taken.parts,
      capturedMicros: lot.capturedMicros + micros,
      capturedUnits: lot.capturedUnits + units,
    };
  }
  if (isShort) return { neededMicros };
  const first = lotAt(lots, takes[0]?.lot ?? 0);
  const [payer] = first.parts;
  // What is free is recorded under the first allowance.
  if (neededMicros === 0n && payer !== undefined) {
    const { account, allowance } = payer;
    charges.push({ account, allowance, amountMicros: 0n, heldAt: first.heldAt });
  }
  return { lots: after, charges, uses, version: versionOf(first) };
}

function lotAt(lots: readonly ModelLot[], place: number): ModelLot {
  const lot = lots[place];
  if (lot === undefined) throw new RangeError(`the hold has no lot ${place}`);
  return lot;
}

export function versionOf({ shares: [first] }: ModelLot): number {
  if (first === undefined) throw new Error("nobody holds credits");
  return first.price.version;
}

function sumOf([first, ...others]: readonly CapturedLine[]): Debited {
  if (first === undefined) throw new Error("a capture has no line");
  const { debit } = first;
  return {
    ...debit,
    costMicros: others.reduce((sum, line) => sum + line.debit.costMicros, debit.costMicros),
    charges: [debit.charges, ...others.map((line) => line.debit.charges)].flat(),
  };
}

export function refusalIfEnded({ resolution, lots, expiresAt }: ModelHold, at: Date) {
  const end =
    resolution ??
    (expiresAt.getTime() <= at.getTime() ? { as: "expired" as const, at: expiresAt } : null);
  if (end === null) return null;
  const capturedMicros = lots.reduce((sum, lot) => sum + lot.capturedMicros, 0n);
  return { reason: "hold_resolved" as const, resolution: end, capturedMicros };
}

/** Takes credits of one part off what is held. */
export function reduceHeld(
  modelState: ModelState,
  { account: address, allowance }: { account: Address; allowance: Hex },
  change: { at: Date; takenAt: Date; captured: bigint; returned: bigint },
): void {
  const { at, takenAt, captured, returned } = change;
  const { held, spent } = modelState.account(address);
  modelState.changeAccount(address, { held: held - captured - returned, spent: spent + captured });
  modelState.serveWaiting(address, returned);
  modelState.returnToBudgets(allowance, { at, takenAt, budget: returned, spent: captured });
}
