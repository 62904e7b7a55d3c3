import type { Address } from "viem";

import { type PinnedRate, pinRate } from "@compute-credits/rules/pricing/pinnedRate";
import { monthOf } from "@compute-credits/rules/pricing/priceDraft";
import {
  type FoundRate,
  type RateIndex,
  type RateQuery,
  findRate,
} from "@compute-credits/rules/pricing/rateIndex";
import { type AuditState, stepsKey } from "./auditState.ts";
import { PROPAGATION_MS } from "./terms.ts";

/**
 * The rates by which an honest server may price something at `at` when it records it at `now`.
 * There is one, unless a card was published within `PROPAGATION_MS` before `now`.
 */
export function honestRates(
  state: AuditState,
  query: RateQuery,
  { at, now }: { at: Date; now: Date },
): readonly FoundRate[] {
  const found: FoundRate[] = [];
  let index: RateIndex = state.rates;
  for (;;) {
    const rate = findRate(index, query, at);
    if (typeof rate !== "string") found.push(rate);
    const newest = newestCard(state, index, query.provider, at);
    if (newest === null || now.getTime() - newest.createdAt.getTime() >= PROPAGATION_MS)
      return found;
    index = withoutCard(index, newest.version);
  }
}

/** The card in force, of the provider or the operator, that was published last. */
function newestCard(state: AuditState, index: RateIndex, provider: Address, at: Date) {
  const inForce = [index.get(provider), index.get(null)].flatMap(
    (cards) => cards?.find(({ card }) => card.effectiveFrom <= at)?.card ?? [],
  );
  const known = inForce.flatMap(({ version }) => {
    const createdAt = state.cards.get(version)?.createdAt;
    return createdAt === undefined ? [] : [{ version, createdAt }];
  });
  return known.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime())[0] ?? null;
}

function withoutCard(index: RateIndex, version: number): RateIndex {
  return new Map(
    [...index].map(([publisher, cards]) => [
      publisher,
      cards.filter(({ card }) => card.version !== version),
    ]),
  );
}

/** Pins a rate with the usage and multipliers of the auditor's own state. */
export function pinFromState(
  state: AuditState,
  found: FoundRate,
  event: {
    provider: Address;
    account: Address;
    quantity: bigint;
    occurredAt: Date;
    at: Date;
  },
): PinnedRate {
  return pinRate(found, event.quantity, {
    account: event.account,
    monthOf: () => monthOf(event.occurredAt),
    usedUnits: (use) => state.usedUnits(use),
    multiplierBps: (rateKey) =>
      state.stepAt(stepsKey(event.provider, rateKey), event.at)?.afterBps ?? null,
  });
}
