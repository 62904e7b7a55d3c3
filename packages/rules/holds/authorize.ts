import { createHash } from "node:crypto";

import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import { jsonText } from "@compute-credits/protocol/jsonText";
import type { PinnedRate } from "../pricing/pinnedRate.ts";
import type { PriceRefusal } from "../pricing/price.ts";
import type { PriceDraft } from "../pricing/priceDraft.ts";
import type { FoundRate } from "../pricing/rateIndex.ts";
import type { Allowance } from "../allowances/allowance.ts";
import { type ChargeRefusal, type ChargedWork, chargeWork } from "../spending/chargeWork.ts";
import type { SpendingDraft, UsabilityRefusal } from "../spending/spendingDraft.ts";
import { chargeQuoted } from "./chargeQuoted.ts";
import { type Hold, type HoldLot, MAIN_LINE } from "./hold.ts";
import { type LineRequest, type LineRequests, lineRequestsOf } from "./lines.ts";
import { type Quote, type QuoteRefusal, checkQuote } from "./quote.ts";

/** A provider's request to reserve credits before it works. */
export type HoldRequest = LineRequests & {
  readonly provider: Address;
  readonly id: string;
  readonly spender: SpenderId;
  readonly ttlSeconds: number;
  /** a signed price of the only line; without one each line takes the current price */
  readonly quote?: Quote;
};

/** Why a line is not reserved. */
export type LineRefusal =
  { readonly reason: PriceRefusal } | QuoteRefusal | UsabilityRefusal | ChargeRefusal;

export type HoldRefusal =
  | { readonly reason: "hold_id_conflict" }
  | { readonly reason: "vault_frozen" }
  | { readonly reason: "too_many_holds"; readonly limit: number }
  /** `line` is the first that is refused, if the request names lines */
  | (LineRefusal & { readonly line?: string });

/** Hashes a request's content, so that a repeated request differs from a conflicting one. */
export function requestHash(
  request: LineRequests & {
    readonly spender: SpenderId;
    readonly ttlSeconds: number;
    readonly quote?: { readonly expiresAt: Date; readonly rate: PinnedRate };
  },
): Hex {
  const lines = lineRequestsOf(request);
  const [only] = lines;
  const work =
    only !== undefined && lines.length === 1 && only.line === MAIN_LINE
      ? [only.meter, `${only.quantity}`, request.ttlSeconds, sortedEntries(only.dimensions)]
      : [
          lines.map(({ line, meter, quantity, dimensions }) => [
            line,
            meter,
            `${quantity}`,
            sortedEntries(dimensions),
          ]),
          request.ttlSeconds,
        ];
  const quote =
    request.quote === undefined ? null : [request.quote.expiresAt, jsonText(request.quote.rate)];
  const fields = [request.spender, ...work, quote];
  return `0x${createHash("sha256").update(JSON.stringify(fields)).digest("hex")}`;
}

function sortedEntries(dimensions: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(dimensions).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** One line to reserve, and for whom. */
export interface LineOrder extends LineRequest {
  readonly provider: Address;
  readonly spender: SpenderId;
  readonly quote?: Quote | undefined;
}

/** Reserves the credits at the quoted rate, or at the current one if there is no quote. */
function holdCredits(
  order: LineOrder,
  usable: readonly Allowance[],
  prices: PriceDraft,
  draft: SpendingDraft,
): ChargedWork | LineRefusal {
  const { now } = draft;
  const { quantity, quote } = order;
  const found = prices.find(order, now);
  const pinAt = (rate: FoundRate, account: Address) =>
    prices.pin(rate, { ...order, account, occurredAt: now, at: now });
  if (quote !== undefined) {
    const refusal = checkQuote(quote, order, now);
    if (refusal !== null) return refusal;
    // Without a rate in force, the quoted one is the only price.
    const pin = (account: Address) =>
      typeof found === "string" ? quote.rate : pinAt(found, account);
    return chargeQuoted(draft, usable, { quantity, quote, pin });
  }
  if (typeof found === "string") return { reason: found };
  const pin = (account: Address) => pinAt(found, account);
  return chargeWork(draft, usable, { quantity, pin }, "held");
}

/**
 * Pins the rate of one line, then reserves the whole cost of its quantity at that rate, or nothing.
 * Changes `draft` only if it succeeds.
 */
export function reserveLine(
  order: LineOrder,
  prices: PriceDraft,
  draft: SpendingDraft,
): HoldLot | LineRefusal {
  const usable = draft.usable(order);
  if ("reason" in usable) return usable;
  const held = holdCredits(order, usable, prices, draft);
  if ("reason" in held) return held;

  const { line, meter, dimensions, quantity } = order;
  return {
    line,
    meter,
    dimensions,
    quantity,
    rate: held.pinned,
    heldAt: draft.now,
    parts: held.charges.map(({ account, allowance, amountMicros }) => ({
      account,
      allowance,
      heldMicros: amountMicros,
    })),
    capturedMicros: 0n,
    capturedQuantity: 0n,
  };
}

/**
 * Reserves lines in their order: all of them, or none. What one reserves, the next cannot. Changes
 * `draft` only if it succeeds.
 */
export function reserveLines(
  orders: readonly LineOrder[],
  prices: PriceDraft,
  draft: SpendingDraft,
): readonly HoldLot[] | (LineRefusal & { readonly line: string }) {
  const undo = orders.length > 1 ? draft.mark() : null;
  const lots: HoldLot[] = [];
  for (const order of orders) {
    const lot = reserveLine(order, prices, draft);
    if ("reason" in lot) {
      undo?.();
      return { ...lot, line: order.line };
    }
    lots.push(lot);
  }
  return lots;
}

/**
 * Decides a hold: pins each line's rate and reserves the whole cost of all lines, or nothing.
 * Changes `draft` only if it succeeds.
 */
export function authorize(
  request: HoldRequest,
  prices: PriceDraft,
  draft: SpendingDraft,
): Hold | HoldRefusal {
  const { now } = draft;
  const { provider, id, spender, ttlSeconds, quote } = request;
  const lots = reserveLines(
    lineRequestsOf(request).map((line) => ({ ...line, provider, spender, quote })),
    prices,
    draft,
  );
  if ("reason" in lots) {
    if ("lines" in request) return lots;
    const { line: _, ...refusal } = lots;
    return refusal;
  }
  return {
    provider,
    id,
    spender,
    lots,
    requestHash: requestHash(request),
    createdAt: now,
    expiresAt: new Date(now.getTime() + ttlSeconds * 1000),
    resolution: null,
  };
}
