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
import type { Hold } from "./hold.ts";
import { type Quote, type QuoteRefusal, checkQuote } from "./quote.ts";

/** A provider's request to reserve credits before it works. */
export interface HoldRequest {
  readonly provider: Address;
  readonly id: string;
  readonly spender: SpenderId;
  readonly meter: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly quantity: bigint;
  readonly ttlSeconds: number;
  /** a signed price; without one the hold takes the current price */
  readonly quote?: Quote;
}

export type HoldRefusal =
  | { readonly reason: PriceRefusal }
  | { readonly reason: "hold_id_conflict" }
  | { readonly reason: "vault_frozen" }
  | { readonly reason: "too_many_holds"; readonly limit: number }
  | QuoteRefusal
  | UsabilityRefusal
  | ChargeRefusal;

/** Hashes a request's content, so that a repeated request differs from a conflicting one. */
export function requestHash(
  request: Omit<HoldRequest, "quote"> & {
    readonly quote?: { readonly expiresAt: Date; readonly rate: PinnedRate };
  },
): Hex {
  const dimensions = Object.entries(request.dimensions).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const fields = [
    request.spender,
    request.meter,
    `${request.quantity}`,
    request.ttlSeconds,
    dimensions,
    request.quote === undefined ? null : [request.quote.expiresAt, jsonText(request.quote.rate)],
  ];
  return `0x${createHash("sha256").update(JSON.stringify(fields)).digest("hex")}`;
}

/** Reserves the credits at the quoted rate, or at the current one if there is no quote. */
function holdCredits(
  request: HoldRequest,
  usable: readonly Allowance[],
  prices: PriceDraft,
  draft: SpendingDraft,
): ChargedWork | HoldRefusal {
  const { now } = draft;
  const { quantity, quote } = request;
  const found = prices.find(request, now);
  const pinAt = (rate: FoundRate, account: Address) =>
    prices.pin(rate, { ...request, account, occurredAt: now, at: now });
  if (quote !== undefined) {
    const refusal = checkQuote(quote, request, now);
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
 * Decides a hold: pins the rate, then reserves the whole cost of `quantity` at that rate, or
 * nothing. Changes `draft` only if it succeeds.
 */
export function authorize(
  request: HoldRequest,
  prices: PriceDraft,
  draft: SpendingDraft,
): Hold | HoldRefusal {
  const { now } = draft;
  const usable = draft.usable(request);
  if ("reason" in usable) return usable;

  const held = holdCredits(request, usable, prices, draft);
  if ("reason" in held) return held;

  const { pinned: rate, charges } = held;
  const { provider, id, spender, meter, dimensions, quantity, ttlSeconds } = request;
  return {
    provider,
    id,
    spender,
    meter,
    dimensions,
    quantity,
    rate,
    requestHash: requestHash(request),
    parts: charges.map(({ account, allowance, amountMicros }) => ({
      account,
      allowance,
      heldMicros: amountMicros,
    })),
    createdAt: now,
    expiresAt: new Date(now.getTime() + ttlSeconds * 1000),
    capturedMicros: 0n,
    capturedQuantity: 0n,
    resolution: null,
  };
}
