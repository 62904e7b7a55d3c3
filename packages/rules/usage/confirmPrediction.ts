import type { Allowance } from "../allowances/allowance.ts";
import { periodIndexAt, secondsSince1970 } from "../allowances/period.ts";
import { feeOf } from "../pricing/price.ts";
import type { SpendingState } from "../spending/spendingDraft.ts";
import { type Debit, type UsageRules, checkAge } from "./decideDebits.ts";
import type { PredictedCharges } from "./predictCharges.ts";
import type { Debited } from "./outcome.ts";
import type { UsageEvent } from "./usageEvent.ts";

/** The state under the locks, after all predicted charges were written in full. */
export interface LockedState {
  readonly now: Date;
  readonly hasAccess: SpendingState["hasAccess"];
  /** for each event, the spender's allowances that the prediction used */
  readonly allowances: readonly (readonly Allowance[])[];
}

/**
 * Returns what `decideDebits` would decide if all predicted charges fit. The caller has checked
 * each one's account, cap, counter, allowance and period, that no card was added, and that what was
 * passed over could pay nothing. `null` if the decision could differ; the caller then runs
 * `decideDebits`. Repeated events are not checked: they conflict when written
 * (docs/decisions/0007-a-guess-that-is-the-decision.md).
 */
export function confirmPrediction(
  events: readonly UsageEvent[],
  predicted: PredictedCharges,
  { now, hasAccess, allowances }: LockedState,
  rules: UsageRules,
): { outcomes: readonly Debited[]; debits: readonly Debit[] } | null {
  const { charges } = predicted;
  if (charges === null || now < predicted.now) return null;
  const outcomes: Debited[] = [];
  const debits: Debit[] = [];
  const predictedMs = predicted.now.getTime();
  const isSameSecond = secondsSince1970(now) === secondsSince1970(predicted.now);

  for (const [index, event] of events.entries()) {
    const charge = charges[index];
    if (charge === undefined) return null;
    const { payer, costMicros, rateCardVersion } = charge;
    const { provider, spender, occurredAt } = event;
    // An event dated in the future is priced at the time of the decision.
    if (occurredAt.getTime() > predictedMs || checkAge(event, now, rules) !== null) return null;
    if (payer.scope.providers.length === 0 && !hasAccess(spender, provider)) return null;
    const candidates = allowances[index] ?? [];
    if (!isSameSecond && candidates.some((each) => changedBetween(each, predicted.now, now)))
      return null;

    const { account } = payer.message;
    const paid = { account, allowance: payer.id, amountMicros: costMicros };
    debits.push({
      ...paid,
      event,
      part: 0,
      feeMicros: feeOf(costMicros, rules.feeBps),
      rateCardVersion,
      priceBasis: null,
      payloadHash: null,
    });
    outcomes.push({
      result: "debited",
      costMicros,
      rateCardVersion,
      charges: [paid],
      recordedAt: now,
      repeated: false,
    });
  }
  return { outcomes, debits };
}

/** Whether an allowance started, expired or renewed between two times. */
function changedBetween({ message }: Allowance, before: Date, now: Date): boolean {
  const [from, to] = [secondsSince1970(before), secondsSince1970(now)];
  const { startsAt, expiresAt } = message;
  return (
    (startsAt > from && startsAt <= to) ||
    (expiresAt !== 0n && expiresAt > from && expiresAt <= to) ||
    periodIndexAt(message, before) !== periodIndexAt(message, now)
  );
}
