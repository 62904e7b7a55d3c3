import { pricePinnedPart } from "../pricing/pinnedRate.ts";
import type { Charge } from "../spending/findCharges.ts";
import type { SpendingDraft } from "../spending/spendingDraft.ts";
import { type Hold, type HoldPart, type HoldResolution, heldMicros, isExpired } from "./hold.ts";

export type ResolveRefusal =
  | {
      readonly reason: "hold_resolved";
      readonly resolution: HoldResolution;
      readonly capturedMicros: bigint;
    }
  | {
      readonly reason: "capture_exceeds_hold";
      readonly heldMicros: bigint;
      readonly neededMicros: bigint;
    };

/**
 * Checks that a hold is still open; `null` if so. An expired hold counts as resolved, even before
 * the sweep has recorded it.
 */
export function checkOpen(
  { resolution, capturedMicros, expiresAt }: Hold,
  now: Date,
): ResolveRefusal | null {
  if (resolution !== null) return { reason: "hold_resolved", resolution, capturedMicros };
  if (isExpired({ expiresAt }, now)) {
    return {
      reason: "hold_resolved",
      resolution: { as: "expired", at: expiresAt },
      capturedMicros,
    };
  }
  return null;
}

/**
 * Charges `quantity` units at the pinned rate from the held credits, part by part. A `final`
 * capture returns the rest and ends the hold; any other leaves it open. Changes `draft` only if it
 * succeeds.
 */
export function capture(
  hold: Hold,
  { quantity, final }: { quantity: bigint; final: boolean },
  draft: SpendingDraft,
): { hold: Hold; costMicros: bigint; charges: readonly Charge[] } | ResolveRefusal {
  const refusal = checkOpen(hold, draft.now);
  if (refusal !== null) return refusal;
  const usedUnits = hold.capturedQuantity;
  const costMicros = pricePinnedPart(hold.rate, { usedUnits, quantity });
  const held = heldMicros(hold);
  if (costMicros > held)
    return { reason: "capture_exceeds_hold", heldMicros: held, neededMicros: costMicros };

  const charges: Charge[] = [];
  const parts: HoldPart[] = [];
  let missing = costMicros;
  for (const { account, allowance, heldMicros: inPart } of hold.parts) {
    const amountMicros = inPart < missing ? inPart : missing;
    const rest = inPart - amountMicros;
    missing -= amountMicros;
    // A free capture is recorded under the first allowance, as a free event is.
    if (amountMicros > 0n || (costMicros === 0n && charges.length === 0)) {
      charges.push({ account, allowance, amountMicros });
    }
    const returnedMicros = final ? rest : 0n;
    draft.resolveHeld(
      { account, allowance },
      { capturedMicros: amountMicros, returnedMicros, heldAt: hold.createdAt },
    );
    parts.push({ account, allowance, heldMicros: rest - returnedMicros });
  }
  const resolution: HoldResolution | null = final ? { as: "captured", at: draft.now } : null;
  return {
    hold: {
      ...hold,
      parts,
      capturedMicros: hold.capturedMicros + costMicros,
      capturedQuantity: hold.capturedQuantity + quantity,
      resolution,
    },
    costMicros,
    charges,
  };
}

/** Returns all credits still held and ends the hold. */
export function returnHeld(hold: Hold, as: "released" | "expired", draft: SpendingDraft): Hold {
  for (const { account, allowance, heldMicros: returnedMicros } of hold.parts) {
    draft.resolveHeld(
      { account, allowance },
      { capturedMicros: 0n, returnedMicros, heldAt: hold.createdAt },
    );
  }
  return {
    ...hold,
    parts: hold.parts.map((part) => ({ ...part, heldMicros: 0n })),
    resolution: { as, at: draft.now },
  };
}
