import type { Address } from "viem";

import { MAX_LOTS } from "@compute-credits/protocol/holdBounds";
import type { PriceDraft } from "../pricing/priceDraft.ts";
import type { SpendingDraft, UsabilityRefusal } from "../spending/spendingDraft.ts";
import { type LineRefusal, reserveLines } from "./authorize.ts";
import type { Hold, HoldLot } from "./hold.ts";
import type { ExtendRequest } from "./requests.ts";
import { type HoldOver, type LineNotFound, checkOpen, lineNotFound } from "./resolve.ts";

export type ExtendRefusal =
  | HoldOver
  | LineNotFound
  | { readonly reason: "vault_frozen" }
  | { readonly reason: "too_many_extensions"; readonly limit: number }
  /** an account that holds credits ready for it wants its credits back */
  | { readonly reason: "refund_requested"; readonly account: Address }
  | UsabilityRefusal
  | (LineRefusal & { readonly line?: string });

export interface ExtendState {
  readonly prices: PriceDraft;
  readonly draft: SpendingDraft;
  /** accounts with a refund request that the chain has not served */
  readonly refundRequested: ReadonlySet<Address>;
}

/**
 * Decides an extension: more time, more units at the rates of now, or both; all of it or nothing.
 * The end never moves back. Refused unless each allowance that holds credits ready may still pay,
 * so that a raised counter, a revocation or a refund request ends a hold in the time that it has.
 * Changes `draft` only if it succeeds.
 */
export function extend(
  hold: Hold,
  { ttlSeconds, lines }: ExtendRequest,
  { prices, draft, refundRequested }: ExtendState,
): { readonly hold: Hold; readonly added: readonly HoldLot[] } | ExtendRefusal {
  const { now } = draft;
  const over = checkOpen(hold, now);
  if (over !== null) return over;
  if (hold.lots.length + lines.length > MAX_LOTS) {
    return { reason: "too_many_extensions", limit: MAX_LOTS };
  }
  const { provider, spender } = hold;
  const orders = [];
  for (const { line, quantity } of lines) {
    const work = hold.lots.find((lot) => lot.line === line);
    if (work === undefined) return lineNotFound(line, hold.lots);
    const { meter, dimensions } = work;
    orders.push({ provider, spender, line, meter, dimensions, quantity });
  }
  const obstacle = findObstacle(hold, draft, refundRequested);
  if (obstacle !== null) return obstacle;

  const added = reserveLines(orders, prices, draft);
  if ("reason" in added) return added;
  const endsAt = ttlSeconds === null ? now : new Date(now.getTime() + ttlSeconds * 1000);
  const expiresAt = endsAt > hold.expiresAt ? endsAt : hold.expiresAt;
  return { hold: { ...hold, lots: [...hold.lots, ...added], expiresAt }, added };
}

/** Why credits that are on hold may not stay there for longer. */
function findObstacle(
  { provider, spender, lots }: Hold,
  draft: SpendingDraft,
  refundRequested: ReadonlySet<Address>,
): ExtendRefusal | null {
  for (const { meter, parts } of lots) {
    for (const { account, allowance, heldMicros } of parts) {
      if (heldMicros === 0n) continue;
      if (refundRequested.has(account)) return { reason: "refund_requested", account };
      const obstacle = draft.obstacle(allowance, { provider, spender, meter });
      if (obstacle !== null) return obstacle;
    }
  }
  return null;
}
