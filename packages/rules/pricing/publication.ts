import type { Address } from "viem";

import type { Rate } from "./rate.ts";
import type { RateCard } from "./rateCard.ts";

/** A card that a publisher wants to publish. */
export interface CardProposal {
  /** `null` for the operator */
  readonly provider: Address | null;
  /** `null` = as soon as the rules allow */
  readonly effectiveFrom: Date | null;
  readonly rates: readonly Rate[];
}

export interface PublicationRules {
  /** notice before a provider's next card applies: for spenders to look and servers to load it */
  readonly rateCardNoticeSeconds: number;
  /** a card further in the future would block its publisher until then */
  readonly maxRateCardAheadSeconds: number;
  /** most cards of one provider that are not in force yet */
  readonly maxPendingRateCards: number;
}

export type PublicationRefusal =
  | { readonly reason: "effective_from_too_soon"; readonly earliest: Date }
  | { readonly reason: "effective_from_too_late"; readonly latest: Date }
  | { readonly reason: "effective_from_not_after_newest"; readonly newest: RateCard }
  | { readonly reason: "too_many_pending_rate_cards"; readonly limit: number };

/**
 * Decides when a card takes effect, or why it can't. Prices of the past never change: only a
 * publisher's first card may apply at once, and the operator's first may be dated back.
 */
export function scheduleCard(
  { provider, effectiveFrom }: CardProposal,
  /** the publisher's cards, oldest first */
  cards: readonly RateCard[],
  now: Date,
  rules: PublicationRules,
): { readonly effectiveFrom: Date } | PublicationRefusal {
  const newest = cards.at(-1);
  if (provider === null && newest === undefined) return { effectiveFrom: effectiveFrom ?? now };

  // The operator announces its cards elsewhere, and servers load them at start.
  const noticeSeconds = newest === undefined || provider === null ? 0 : rules.rateCardNoticeSeconds;
  const earliest = after(now, noticeSeconds);
  const latest = after(now, rules.maxRateCardAheadSeconds);
  const pending = cards.filter((card) => card.effectiveFrom > now).length;
  const from = effectiveFrom ?? earliest;

  if (newest !== undefined && from <= newest.effectiveFrom) {
    return { reason: "effective_from_not_after_newest", newest };
  }
  if (from < earliest) return { reason: "effective_from_too_soon", earliest };
  if (from > latest) return { reason: "effective_from_too_late", latest };
  if (provider !== null && pending >= rules.maxPendingRateCards) {
    return { reason: "too_many_pending_rate_cards", limit: rules.maxPendingRateCards };
  }
  return { effectiveFrom: from };
}

function after(time: Date, seconds: number): Date {
  return new Date(time.getTime() + seconds * 1000);
}
