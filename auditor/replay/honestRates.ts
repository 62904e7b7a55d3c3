import type { Address } from "viem";

import {
  type AccountRate,
  type PinnedRate,
  type RateShare,
  pinRate,
} from "@compute-credits/rules/pricing/pinnedRate";
import { pricedAt } from "@compute-credits/rules/pricing/price";
import type { PriceBasis } from "@compute-credits/rules/pricing/priceBasis";
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
  let newest: { readonly version: number; readonly createdAt: Date } | null = null;
  for (const publisher of [provider, null]) {
    const version = index.get(publisher)?.find(({ card }) => card.effectiveFrom <= at)
      ?.card.version;
    const createdAt = version === undefined ? undefined : state.cards.get(version)?.createdAt;
    if (version === undefined || createdAt === undefined) continue;
    if (newest === null || createdAt > newest.createdAt) newest = { version, createdAt };
  }
  return newest;
}

function withoutCard(index: RateIndex, version: number): RateIndex {
  return new Map(
    [...index].map(([publisher, cards]) => [
      publisher,
      cards.filter(({ card }) => card.version !== version),
    ]),
  );
}

/** Pins one account's rate with the usage and multipliers of the auditor's own state. */
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
): AccountRate {
  return pinRate(found, event.quantity, {
    account: event.account,
    monthOf: () => monthOf(event.occurredAt),
    usedUnits: (use) => state.usedUnits(use),
    multiplierBps: (rateKey) =>
      state.stepAt(stepsKey(event.provider, rateKey), event.at)?.afterBps ?? null,
  });
}

/**
 * The honest rates for the accounts and shares that an entry names, at the tiers of the auditor's
 * own state. For an entry that no allowance can pay: its price may still be right.
 */
export function namedRates(
  state: AuditState,
  work: RateQuery & { readonly quantity: bigint; readonly occurredAt: Date },
  { basis, payer, now }: { basis: PriceBasis; payer: Address; now: Date },
): readonly PinnedRate[] {
  const at = pricedAt({ occurredAt: work.occurredAt, now });
  const { use, shares = [] } = basis ?? {};
  return honestRates(state, work, { at, now }).map((found) => {
    const pin = (account: Address) => pinFromState(state, found, { ...work, account, at });
    const own = pin(use?.account ?? payer);
    const named = shares.flatMap(({ micros, units, use: { account } }): RateShare[] => {
      const rate = pin(account);
      return "use" in rate ? [{ micros, units, rate }] : [];
    });
    return named.length < 2
      ? own
      : { kind: "shared", rateCardVersion: own.rateCardVersion, shares: named };
  });
}
