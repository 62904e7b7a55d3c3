import { isDeepStrictEqual } from "node:util";

import type { Address } from "viem";

import type { LogEntryOf } from "@compute-credits/rules/log/logEntry";
import { type PinnedRate, pinRate, pricePinned } from "@compute-credits/rules/pricing/pinnedRate";
import { monthOf } from "@compute-credits/rules/pricing/priceDraft";
import { findRate } from "@compute-credits/rules/pricing/rateIndex";
import { type AuditState, stepsKey } from "./auditState.ts";
import { priceBasisOf } from "@compute-credits/rules/pricing/priceBasis";
import { canonicalText } from "@compute-credits/rules/log/canonicalText";
import type { Finding } from "./finding.ts";
import { namedRates } from "./honestRates.ts";

/** Units that were reserved for a hold, and when. */
export type HeldUnits = Omit<LogEntryOf<"hold">, "kind" | "order" | "transaction" | "expiresAt">;

/**
 * Checks a hold's rate: it must be one at which an honest server charges it (`charged`), or a
 * recently quoted one.
 */
export function checkPinnedRate(
  state: AuditState,
  entry: HeldUnits,
  charged: readonly PinnedRate[],
  maxQuoteSeconds: number,
): Finding | null {
  const { createdAt: now, quoteExpiresAt } = entry;
  const pins =
    quoteExpiresAt === null
      ? charged.length > 0
        ? charged
        : namedRates(
            state,
            { ...entry, occurredAt: now },
            {
              basis: priceBasisOf(entry.rate),
              payer: payersOf(state, entry)[0] ?? entry.provider,
              now,
            },
          )
      : quotableRates(state, entry, { now, quoteExpiresAt, maxQuoteSeconds });
  if (pins.some((pinned) => isDeepStrictEqual(pinned, entry.rate))) return null;

  const [pinned] = pins;
  const expected = pinned === undefined ? null : pricePinned(pinned, entry.quantity);
  const actual = pricePinned(entry.rate, entry.quantity);
  return {
    kind: "wrong_pinned_rate",
    party: payersOf(state, entry)[0] ?? null,
    event: { provider: entry.provider, id: entry.id },
    expected: pinned === undefined ? null : canonicalText(pinned),
    actual: canonicalText(entry.rate),
    differenceMicros: actual - (expected ?? 0n),
    text: `hold ${entry.id} of ${entry.provider} pins ${canonicalText(entry.rate)}, by which it costs ${actual} micro-credits; ${
      pinned === undefined
        ? "no card in force at the time has a price for it"
        : `the right rate is ${canonicalText(pinned)}, by which it costs ${expected}`
    }`,
  };
}

/**
 * All rates that a quote may have bound: by the cards and multipliers in force from the quote's
 * earliest possible signing to the hold. The account's usage at the quote is not in the log, so the
 * server's figure is taken.
 */
function quotableRates(
  state: AuditState,
  entry: HeldUnits,
  {
    now,
    quoteExpiresAt,
    maxQuoteSeconds,
  }: { now: Date; quoteExpiresAt: Date; maxQuoteSeconds: number },
): readonly PinnedRate[] {
  if (quoteExpiresAt <= now) return [];
  const { rate } = entry;
  if (rate.kind === "shared") return [];
  // A quote of one account's tiers is for no other account.
  const isQuotedPayer = (account: Address) => !("use" in rate) || rate.use.account === account;
  if (state.hasOwnPrices && !payersOf(state, entry).every(isQuotedPayer)) return [];
  const earliest = new Date(quoteExpiresAt.getTime() - maxQuoteSeconds * 1000);
  const moments = [
    earliest,
    now,
    ...[...state.cards.values()].map(({ card }) => card.effectiveFrom),
    ...[...state.steps.values()].flat().map(({ effectiveFrom }) => effectiveFrom),
  ].filter((moment) => moment >= earliest && moment <= now);
  return moments.toReversed().flatMap((at) => {
    const found = findRate(state.rates, entry, at);
    if (typeof found === "string") return [];
    return pinRate(found, entry.quantity, {
      account: "use" in rate ? rate.use.account : entry.provider,
      monthOf: () => ("use" in rate ? rate.use.month : monthOf(at)),
      usedUnits: () => ("use" in rate ? rate.usedUnits : 0n),
      multiplierBps: (rateKey) =>
        state.stepAt(stepsKey(entry.provider, rateKey), at)?.afterBps ?? null,
    });
  });
}

function payersOf(state: AuditState, { allowances }: HeldUnits): readonly Address[] {
  return allowances.flatMap((id) => state.allowances.get(id)?.message.account ?? []);
}
