import type { DebitEntry } from "@compute-credits/rules/log/logEntry";
import { type PinnedRate, pricePinned } from "@compute-credits/rules/pricing/pinnedRate";
import { type PriceBasis, priceBasisOf } from "@compute-credits/rules/pricing/priceBasis";
import type { AuditState } from "./auditState.ts";
import { canonicalText } from "@compute-credits/rules/log/canonicalText";
import { type Finding, describeDifference, describeEvent } from "./finding.ts";
import { namedRates } from "./honestRates.ts";

/**
 * Checks the price of a usage event. `rates` are those at which honest servers charge it; if
 * there are none, because no allowance can pay, the payers that the entry names are believed.
 * Returns the right rate (`null` if no card has one), and a finding if the entry's price differs.
 */
export function checkPrice(
  state: AuditState,
  entry: DebitEntry,
  rates: readonly PinnedRate[],
): { pinned: PinnedRate | null; finding: Finding | null } {
  const payer = entry.charges[0]?.account ?? entry.provider;
  const honest =
    rates.length > 0
      ? rates
      : namedRates(state, entry, { basis: entry.priceBasis, payer, now: entry.recordedAt });
  const actual = entry.charges.reduce((sum, { amountMicros }) => sum + amountMicros, 0n);
  const match = honest.find(
    (pinned) =>
      pinned.rateCardVersion === entry.rateCardVersion &&
      pricePinned(pinned, entry.quantity) === actual &&
      isSameBasis(priceBasisOf(pinned), entry.priceBasis),
  );
  if (match !== undefined) return { pinned: match, finding: null };

  const party = entry.charges[0]?.account ?? null;
  const event = { provider: entry.provider, id: entry.id };
  const [pinned] = honest;
  if (pinned === undefined) {
    return {
      pinned: null,
      finding: {
        kind: "wrong_price",
        party,
        event,
        expected: null,
        actual: `${actual}`,
        differenceMicros: actual,
        text: `${describeEvent(event)} was charged ${actual} micro-credits, but no card in force at the time has a price for it`,
      },
    };
  }
  const expected = pricePinned(pinned, entry.quantity);
  const differenceMicros = actual - expected;
  const charged = `${party} was charged ${actual} micro-credits for ${describeEvent(event)}`;
  if (pinned.rateCardVersion !== entry.rateCardVersion) {
    return {
      pinned,
      finding: {
        kind: "wrong_rate_card",
        party,
        event,
        expected: `card ${pinned.rateCardVersion}: ${expected}`,
        actual: `card ${entry.rateCardVersion}: ${actual}`,
        differenceMicros,
        text: `${charged} by rate card ${entry.rateCardVersion}; card ${pinned.rateCardVersion} was in force, by which it costs ${expected}: ${describeDifference(differenceMicros)}`,
      },
    };
  }
  if (differenceMicros !== 0n) {
    return {
      pinned,
      finding: {
        kind: "wrong_price",
        party,
        event,
        expected: `${expected}`,
        actual: `${actual}`,
        differenceMicros,
        text: `${charged}; its price is ${expected}: ${describeDifference(differenceMicros)}`,
      },
    };
  }
  const basis = [priceBasisOf(pinned), entry.priceBasis].map(canonicalText);
  return {
    pinned,
    finding: {
      kind: "wrong_price_basis",
      party,
      event,
      expected: basis[0] ?? null,
      actual: basis[1] ?? null,
      differenceMicros: 0n,
      text: `${describeEvent(event)} has the price basis ${basis[1]}; the right one is ${basis[0]}`,
    },
  };
}

function isSameBasis(a: PriceBasis, b: PriceBasis): boolean {
  // Fixed rates, the most frequent, have none.
  if (a === null || b === null) return a === b;
  return canonicalText(a) === canonicalText(b);
}
