import type { Address } from "viem";

import { type ModelPrice, divideUp, modelCost } from "./price.ts";

/** What one account pays of some work, at its own price. */
export interface ModelShare {
  readonly account: Address;
  readonly price: ModelPrice;
  readonly micros: bigint;
  /** units that count as the account's usage */
  readonly units: bigint;
}

/** A paid part of the work: so many micro-credits of a price for the whole. */
interface PaidPart {
  readonly micros: bigint;
  readonly ofMicros: bigint;
}

/** Adds up what the parts are of the whole, as one fraction over the product of all prices. */
function paidFraction(parts: readonly PaidPart[]): { paid: bigint; whole: bigint } {
  const whole = parts.reduce((product, { ofMicros }) => product * ofMicros, 1n);
  const paid = parts.reduce((sum, { micros, ofMicros }) => sum + (micros * whole) / ofMicros, 0n);
  return { paid, whole };
}

/** What is left of a price after parts of the work were paid at other prices, rounded up. */
export function restOfPrice(priceMicros: bigint, parts: readonly PaidPart[]): bigint {
  const { paid, whole } = paidFraction(parts);
  return divideUp(priceMicros * (whole - paid), whole);
}

/** The units that parts pay for, to the nearest; a half counts as one. */
export function unitsOfParts(quantity: bigint, parts: readonly PaidPart[]): bigint {
  const { paid, whole } = paidFraction(parts);
  const [units, rest] = [(quantity * paid) / whole, (quantity * paid) % whole];
  return 2n * rest >= whole ? units + 1n : units;
}

/** What the shares pay together for a quantity, which may be less than the whole. */
export function costOfShares(shares: readonly ModelShare[], quantity: bigint): bigint {
  const parts: PaidPart[] = [];
  for (const { price, micros } of shares.slice(0, -1)) {
    const ofMicros = modelCost(price, quantity);
    const due = restOfPrice(ofMicros, parts);
    if (due <= micros) return sumOf(parts) + due;
    parts.push({ micros, ofMicros });
  }
  const last = shares.at(-1);
  if (last === undefined) throw new Error("nobody pays");
  return sumOf(parts) + restOfPrice(modelCost(last.price, quantity), parts);
}

/** The usage that `quantity` units count, unit by unit after the first `before` ones. */
export function usesOfShares(
  shares: readonly ModelShare[],
  before: bigint,
  quantity: bigint,
): ReadonlyMap<string, bigint> {
  const uses = new Map<string, bigint>();
  for (let unit = before; unit < before + quantity; unit++) {
    let end = 0n;
    const share = shares.find(({ units }) => unit < (end += units)) ?? shares.at(-1);
    const use = share?.price.use ?? null;
    if (use !== null) uses.set(use, (uses.get(use) ?? 0n) + 1n);
  }
  return uses;
}

function sumOf(parts: readonly PaidPart[]): bigint {
  return parts.reduce((sum, { micros }) => sum + micros, 0n);
}
