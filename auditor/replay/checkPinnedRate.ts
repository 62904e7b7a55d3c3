import { isDeepStrictEqual } from "node:util";

import type { Address } from "viem";

import type { LogEntryOf } from "@compute-credits/rules/log/logEntry";
import { type PinnedRate, pinRate, pricePinned } from "@compute-credits/rules/pricing/pinnedRate";
import { monthOf } from "@compute-credits/rules/pricing/priceDraft";
import { findRate } from "@compute-credits/rules/pricing/rateIndex";
import { type AuditState, stepsKey } from "./auditState.ts";
import { canonicalText } from "./canonicalText.ts";
import type { Finding } from "./finding.ts";
import { honestRates, pinFromState } from "./honestRates.ts";

/** Checks a hold's rate: it must be the current one at its creation, or a recently quoted one. */
export function checkPinnedRate(
  state: AuditState,
  entry: LogEntryOf<"hold">,
  accounts: readonly Address[],
  maxQuoteSeconds: number,
): Finding | null {
  const { createdAt: now, quoteExpiresAt } = entry;
  const pins =
    quoteExpiresAt === null
      ? honestRates(state, entry, { at: now, now }).flatMap((found) =>
          accounts.map((account) =>
            pinFromState(state, found, { ...entry, account, occurredAt: now, at: now }),
          ),
        )
      : quotableRates(state, entry, { now, quoteExpiresAt, maxQuoteSeconds });
  if (pins.some((pinned) => isDeepStrictEqual(pinned, entry.rate))) return null;

  const [pinned] = pins;
  const expected = pinned === undefined ? null : pricePinned(pinned, entry.quantity);
  const actual = pricePinned(entry.rate, entry.quantity);
  return {
    kind: "wrong_pinned_rate",
    party: accounts[0] ?? null,
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
  entry: LogEntryOf<"hold">,
  {
    now,
    quoteExpiresAt,
    maxQuoteSeconds,
  }: { now: Date; quoteExpiresAt: Date; maxQuoteSeconds: number },
): readonly PinnedRate[] {
  if (quoteExpiresAt <= now) return [];
  const earliest = new Date(quoteExpiresAt.getTime() - maxQuoteSeconds * 1000);
  const moments = [
    earliest,
    now,
    ...[...state.cards.values()].map(({ card }) => card.effectiveFrom),
    ...[...state.steps.values()].flat().map(({ effectiveFrom }) => effectiveFrom),
  ].filter((moment) => moment >= earliest && moment <= now);
  const { rate } = entry;
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
