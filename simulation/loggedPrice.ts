import { isDeepStrictEqual } from "node:util";

import type { SimulatedCard } from "./cards.ts";
import { DisagreementError } from "./disagreement.ts";
import type { LedgerSnapshot, LoggedBasis, LoggedShare } from "./ledgerSnapshot.ts";
import {
  type ModelPrice,
  type RateQuery,
  modelCost,
  modelRate,
  priceFrom,
  useText,
} from "./model/price.ts";
import { type ModelShare, costOfShares } from "./model/sharing.ts";

/** One price for all payers, or the shares of accounts at their own tiers. */
export type LoggedPrice = ModelPrice | readonly ModelShare[];

export function costOf(price: LoggedPrice, quantity: bigint): bigint {
  return "rate" in price ? modelCost(price, quantity) : costOfShares(price, quantity);
}

/** What units cost after those captured before. */
export function costAfter(price: LoggedPrice, before: bigint, units: bigint): bigint {
  return costOf(price, before + units) - costOf(price, before);
}

export function versionOf(price: LoggedPrice): number | undefined {
  return "rate" in price ? price.version : price[0]?.price.version;
}

/** Returns the accounts at whose tiers units were priced; none for other rates. */
export function sharesOf(basis: LoggedBasis | null, quantity: bigint): readonly LoggedShare[] {
  if (basis?.shares !== undefined) return basis.shares;
  if (basis?.use === undefined) return [];
  const { use, usedUnits = "0" } = basis;
  return [{ use, usedUnits, micros: "0", units: `${quantity}` }];
}

export interface PricedWork {
  readonly at: Date;
  readonly quantity: bigint;
  readonly basis: LoggedBasis | null;
}

/**
 * The price that work has at a time. Takes prior usage from the debit, because `auditTierUse` checks
 * the sums. Takes the multiplier from its log.
 */
export function expectedPrice(
  { steps }: Pick<LedgerSnapshot, "steps">,
  cards: readonly SimulatedCard[],
  query: RateQuery,
  { at, quantity, basis }: PricedWork,
): LoggedPrice {
  const found = modelRate(cards, query, at);
  if (typeof found === "string") {
    throw new DisagreementError("a debit without a price", { query, at, found });
  }
  const { rate, name } = found;
  const start = rate.kind === "dynamic" ? rate.multiplier.startBps : 10_000n;
  const step = steps.findLast(
    (each) =>
      each.provider === query.provider && each.rate_key === name && each.effective_from <= at,
  );
  const multiplierBps = step?.after_bps ?? start;
  if (basis?.multiplierBps !== undefined && BigInt(basis.multiplierBps) !== multiplierBps) {
    throw new DisagreementError("a debit has another time's multiplier", { query, basis, step });
  }
  const priceAt = (tier: Pick<LoggedShare, "use" | "usedUnits"> | null) =>
    priceFrom(found, {
      use: tier === null ? "" : useText(tier.use.account, tier.use.month, tier.use.rateKey),
      usedBefore: BigInt(tier?.usedUnits ?? 0),
      multiplierBps,
      quantity,
    });
  const shares = sharesOf(basis, quantity);
  if (shares.length === 0) return priceAt(null);
  return shares.map((share) => ({
    account: share.use.account,
    price: priceAt(share),
    micros: BigInt(share.micros),
    units: BigInt(share.units),
  }));
}

/** Whether two captures of a lot name the same prices. */
export function isSamePrice(a: LoggedPrice, b: LoggedPrice): boolean {
  return isDeepStrictEqual(a, b);
}
