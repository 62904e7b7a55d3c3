import type { Allowance } from "../allowances/allowance.ts";
import { periodIndexAt, secondsSince1970 } from "../allowances/period.ts";
import { feeOf } from "../pricing/price.ts";
import type { SpendingState } from "../spending/spendingDraft.ts";
import { type Debit, type UsageRules, checkAge } from "./decideDebits.ts";
import type { PredictedCharges } from "./predictCharges.ts";
import type { Debited } from "./outcome.ts";
import type { UsageEvent } from "./usageEvent.ts";

/** What was found under the locks, after every charge that was expected had been written in full. */
export interface StateAfterCharges {
  readonly now: Date;
  readonly hasAccess: SpendingState["hasAccess"];
  /** of each event the spender's allowances, as the charges were expected by them */
  readonly allowances: readonly (readonly Allowance[])[];
}

/**
 * What `decideDebits` would say, where every charge that was expected fitted: into the account and under the cap, under the
 * counter, in the allowance and its period; and where no card has come since. `null` where it might say anything else: then
 * it has to be asked. Events that repeat one another are not looked for: they clash when they are written.
 */
export function confirmPrediction(
  events: readonly UsageEvent[],
  expected: PredictedCharges,
  { now, hasAccess, allowances }: StateAfterCharges,
  rules: UsageRules,
): { outcomes: readonly Debited[]; debits: readonly Debit[] } | null {
  const { charges } = expected;
  if (charges === null || now < expected.now) return null;
  const outcomes: Debited[] = [];
  const debits: Debit[] = [];
  const expectedMs = expected.now.getTime();
  const isSameSecond = secondsSince1970(now) === secondsSince1970(expected.now);

  for (const [index, event] of events.entries()) {
    const charge = charges[index];
    if (charge === undefined) return null;
    const { payer, costMicros, rateCardVersion } = charge;
    const { provider, spender, occurredAt } = event;
    // What is dated ahead is priced by the moment of the decision.
    if (occurredAt.getTime() > expectedMs || checkAge(event, now, rules) !== null) return null;
    if (payer.scope.providers.length === 0 && !hasAccess(spender, provider)) return null;
    const candidates = allowances[index] ?? [];
    if (!isSameSecond && candidates.some((each) => hasTurned(each, expected.now, now))) return null;

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

/** Whether an allowance began, ended or renewed itself between two times. */
function hasTurned({ message }: Allowance, before: Date, now: Date): boolean {
  const [from, to] = [secondsSince1970(before), secondsSince1970(now)];
  const { startsAt, expiresAt } = message;
  return (
    (startsAt > from && startsAt <= to) ||
    (expiresAt !== 0n && expiresAt > from && expiresAt <= to) ||
    periodIndexAt(message, before) !== periodIndexAt(message, now)
  );
}
