import type { Address, Hex } from "viem";

import type { LineRequest } from "@compute-credits/rules/holds/lines";
import type { LineCapture } from "@compute-credits/rules/holds/requests";
import type { Charges } from "./payers.ts";
import { costOfShares } from "./sharing.ts";
import type { ModelLot, ModelPart } from "./state.ts";

/** Units that a capture takes from one lot, which is numbered within its hold. */
export interface LotTake {
  readonly lot: number;
  readonly units: bigint;
}

/**
 * Says from which lots of a line a capture takes its units: from each as many as it has left, and
 * from the last one all the others. `null` if there is no such line.
 */
export function takesOf(
  lots: readonly (Pick<LineRequest, "line" | "quantity"> & { readonly capturedUnits: bigint })[],
  { line, quantity }: Pick<LineCapture, "line" | "quantity">,
): readonly LotTake[] | null {
  const places = [...lots.keys()].filter((place) => lots[place]?.line === line);
  const last = places.pop();
  if (last === undefined) return null;
  const takes: LotTake[] = [];
  let left = quantity;
  for (const lot of places) {
    const { quantity: whole = 0n, capturedUnits = 0n } = lots[lot] ?? {};
    const room = whole > capturedUnits ? whole - capturedUnits : 0n;
    const units = left < room ? left : room;
    left -= units;
    if (units > 0n) takes.push({ lot, units });
  }
  if (left > 0n || takes.length === 0) takes.push({ lot: last, units: left });
  return takes;
}

/** What units of a lot cost, after those captured before: rounding up happens once. */
export function costOfTake({ shares, capturedUnits }: ModelLot, units: bigint): bigint {
  return costOfShares(shares, capturedUnits + units) - costOfShares(shares, capturedUnits);
}

export function heldOf({ parts }: Pick<ModelLot, "parts">): bigint {
  return parts.reduce((sum, { heldMicros }) => sum + heldMicros, 0n);
}

/** Takes an amount from a lot's parts in their order. */
export function takeMicros(
  { parts }: ModelLot,
  micros: bigint,
): { parts: readonly ModelPart[]; charges: Charges } {
  const charges: { account: Address; allowance: Hex; amountMicros: bigint }[] = [];
  let missing = micros;
  const rest = parts.map(({ account, allowance, heldMicros }) => {
    const amountMicros = missing < heldMicros ? missing : heldMicros;
    missing -= amountMicros;
    if (amountMicros > 0n) charges.push({ account, allowance, amountMicros });
    return { account, allowance, heldMicros: heldMicros - amountMicros };
  });
  return { parts: rest, charges };
}
