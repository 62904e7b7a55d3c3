import { expect } from "chai";
import * as fc from "fast-check";
import type { Hex } from "viem";

import { available } from "@compute-credits/rules/accounts/account";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import { inBurnDownOrder } from "@compute-credits/rules/allowances/burnDownOrder";
import { remainingInPeriod } from "@compute-credits/rules/allowances/period";
import { depletedAfter } from "@compute-credits/rules/spending/depleted";
import { confirmPrediction } from "@compute-credits/rules/usage/confirmPrediction";
import {
  type LedgerState,
  decideDebits,
  eventKey,
} from "@compute-credits/rules/usage/decideDebits";
import { type PredictedCharges, predictCharges } from "@compute-credits/rules/usage/predictCharges";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import { allowanceOf } from "../../fixtures/allowances.ts";
import {
  NOW,
  RULES,
  account,
  anyLedger,
  event,
  owner,
  sponsor,
  stateOf,
} from "../../fixtures/anyLedger.ts";
import { repeated } from "../../fixtures/effort.ts";

const later = (milliseconds: number) => new Date(NOW.getTime() + milliseconds);

function lastSeenOf({ allowances }: LedgerState, events: readonly UsageEvent[]) {
  const bySpender = inBurnDownOrder(allowances);
  return events.map(({ spender }) => bySpender.get(spender) ?? []);
}

const NO_CHANGES = { accounts: new Map(), usages: new Map() };

/**
 * Whether the optimistic statements would have charged all predicted amounts, and found that what
 * was passed over could pay nothing.
 */
function fits(state: LedgerState, expected: PredictedCharges): boolean {
  const { accounts, allowances } = state;
  const depleted = depletedAfter(state, NO_CHANGES);
  const ofAccounts = [...expected.accounts].every(([address, wanted]) => {
    const found = accounts.get(address);
    const { amountMicros, accountCap, byContract, counter } = wanted;
    return (
      found !== undefined &&
      amountMicros <= available(found) &&
      amountMicros <= accountCap - found.spent - found.held &&
      (!byContract || amountMicros <= found.recordedCap - found.spent - found.held) &&
      (amountMicros === 0n || counter === found.counter)
    );
  });
  const byId = new Map(allowances.map((each) => [each.id, each]));
  const ofAllowances = [...expected.allowances].every(([id, { amountMicros, periodIndex }]) => {
    const found = byId.get(id);
    return (
      found !== undefined &&
      found.revokedAt === null &&
      found.usage.periodIndex === periodIndex &&
      amountMicros <= remainingInPeriod(found.message, found.usage)
    );
  });
  const ofPassedOver = [...expected.passedOver.keys()].every((id) => depleted.get(id) === true);
  return ofAccounts && ofAllowances && ofPassedOver;
}

/** Confirms a prediction made at `NOW` from `seen`, if its charges fit the state. */
function confirmed(
  state: LedgerState,
  events: readonly UsageEvent[],
  {
    seen = state.allowances,
    isDepleted = () => false,
  }: { seen?: LedgerState["allowances"]; isDepleted?: (id: Hex) => boolean } = {},
) {
  const allowances = lastSeenOf({ ...state, allowances: seen }, events);
  const { hasAccess, prices } = state;
  const seenState = { now: NOW, allowances, rates: prices.rates, isDepleted, hasAccess };
  const expected = predictCharges(events, seenState, RULES);
  if (!fits(state, expected)) return null;
  const found = confirmPrediction(events, expected, { ...state, allowances }, RULES);
  return found === null ? null : { ...found, passedOver: expected.passedOver.size };
}

describe("confirmPrediction", () => {
  it("equals the decision, or is null", () => {
    let confirmedTogether = 0;
    let confirmedPast = 0;
    fc.assert(
      fc.property(
        anyLedger,
        fc.constantFrom(0, 1, 999, 1_000, 60_000),
        fc.constantFrom(0n, 150n),
        fc.infiniteStream(fc.boolean()),
        fc.infiniteStream(fc.boolean()),
        ({ state: before, events: all }, waitedMs, moreMicros, wasRevokedSince, isKnown) => {
          // Without repetitions, which conflict when they are written.
          const events = [...new Map(all.map((each) => [eventKey(each), each])).values()];
          // With periods in use, some allowances as before their revocation, few grants (which are
          // never predicted to pay), and sometimes larger amounts everywhere.
          const allowances = before.allowances.map((each) => ({
            ...each,
            campaign: wasRevokedSince.next().value && isKnown.next().value ? each.campaign : null,
            message: {
              ...each.message,
              limit: each.message.limit + moreMicros,
              accountCap: each.message.accountCap + moreMicros,
            },
            usage: { ...each.usage, periodIndex: periodOf(each) },
          }));
          const accounts = new Map(
            [...before.accounts].map(([address, each]) => [
              address,
              {
                ...each,
                purchased: each.purchased + moreMicros,
                recordedCap: each.recordedCap + moreMicros,
              },
            ]),
          );
          const seen = allowances.map((each) =>
            wasRevokedSince.next().value === true ? { ...each, revokedAt: null } : each,
          );
          const state = { ...before, accounts, allowances, now: later(waitedMs) };
          // Some of what is depleted is known to be, and rarely what was before and is not now.
          const depleted = depletedAfter(state, NO_CHANGES);
          const believed = new Map(
            allowances.map(({ id }) => [
              id,
              isKnown.next().value === true &&
                (depleted.get(id) === true || isKnown.next().value === true),
            ]),
          );
          const isDepleted = (id: Hex) => believed.get(id) === true;
          const check = (some: readonly UsageEvent[]) => {
            const found = confirmed(state, some, { seen, isDepleted });
            if (found === null) return false;
            const { outcomes, debits } = decideDebits(some, state, RULES);
            expect(found).to.deep.include({ outcomes, debits });
            if (found.passedOver > 0) confirmedPast++;
            return true;
          };
          // Most batches exceed a limit: checks together the events that are confirmed one by one.
          const together = events.filter((each) => check([each]));
          if (together.length > 1 && check(together)) confirmedTogether++;
        },
      ),
      { numRuns: repeated(10_000) },
    );
    expect(confirmedTogether).to.be.greaterThan(5);
    expect(confirmedPast).to.be.greaterThan(5);
  });

  const credits = [account(owner, { purchased: 10n }), account(sponsor, { purchased: 10n })];
  const second = 1_000;

  context("when an allowance starts, expires or renews before the locks are taken", () => {
    const soon = BigInt(NOW.getTime() / 1000) + 1n;
    for (const [what, fields] of [
      ["starts", { startsAt: soon, priority: 1 }],
      ["expires", { expiresAt: soon, priority: 1 }],
      ["renews", { startsAt: soon - 60n, period: 60n, usage: usageIn(0n) }],
    ] as const) {
      it(`is null if one ${what}`, () => {
        const own = allowanceOf({ account: sponsor });
        const turning = allowanceOf({ id: "0x02", ...fields });
        const state = stateOf(credits, [own, turning]);
        expect(confirmed({ ...state, now: later(second - 1) }, [event()])).not.to.equal(null);
        expect(confirmed({ ...state, now: later(second) }, [event()])).to.equal(null);
      });
    }
  });

  it("with an event dated in the future: is null", () => {
    const state = { ...stateOf(credits, [allowanceOf()]), now: later(10) };
    expect(confirmed(state, [event({ occurredAt: later(5) })])).to.equal(null);
    expect(confirmed(state, [event({ occurredAt: NOW })])).not.to.equal(null);
  });

  it("with an event that has become too old: is null", () => {
    const state = { ...stateOf(credits, [allowanceOf()]), now: later(1) };
    const oldest = NOW.getTime() - RULES.maxEventAgeSeconds * second;
    expect(confirmed(state, [event({ occurredAt: new Date(oldest) })])).to.equal(null);
    expect(confirmed(state, [event({ occurredAt: new Date(oldest + 1) })])).not.to.equal(null);
  });

  it("when the database's clock is behind the prediction: is null", () => {
    const state = stateOf(credits, [allowanceOf()]);
    expect(confirmed({ ...state, now: later(-1) }, [event()])).to.equal(null);
  });
});

function usageIn(periodIndex: bigint) {
  return { periodIndex, carriedMicros: 0n, periodSpentMicros: 0n, spentMicros: 0n };
}

function periodOf({ message }: Allowance): bigint {
  return message.period === 0n ? 0n : BigInt(NOW.getTime()) / 1000n / message.period;
}
