import { expect } from "chai";
import * as fc from "fast-check";
import { numberToHex } from "viem";

import { MAX_MICROS } from "@compute-credits/protocol/amounts";
import { available } from "@compute-credits/rules/accounts/account";
import { remainingInPeriod, renewUsage } from "@compute-credits/rules/allowances/period";
import {
  type Decision,
  type LedgerState,
  decideDebits,
  eventKey,
} from "@compute-credits/rules/usage/decideDebits";
import type { Debited, UsageOutcome } from "@compute-credits/rules/usage/outcome";
import { type UsageEvent, payloadHash } from "@compute-credits/rules/usage/usageEvent";
import { allowanceOf } from "../../fixtures/allowances.ts";
import {
  NOW,
  RULES,
  account,
  anyLedger,
  event,
  otherKey,
  owner,
  sponsor,
  stateOf,
} from "../../fixtures/anyLedger.ts";
import { propertyRuns } from "../../fixtures/effort.ts";

function always(check: (decision: Decision, state: LedgerState, events: UsageEvent[]) => void) {
  fc.assert(
    fc.property(anyLedger, ({ state, events }) =>
      check(decideDebits(events, state, RULES), state, events),
    ),
    { numRuns: propertyRuns(1_000) },
  );
}

describe("decideDebits", () => {
  it("never takes an account below zero (I1)", () => {
    always(({ accounts }) => {
      for (const after of accounts.values()) expect(available(after) >= 0n).to.equal(true);
    });
  });

  it("never takes an allowance over its period's limit", () => {
    always(({ usages }, state) => {
      for (const { id, message } of state.allowances) {
        const usage = usages.get(id);
        if (usage !== undefined) {
          expect(remainingInPeriod(message, usage) >= 0n).to.equal(true);
        }
      }
    });
  });

  it("never takes a campaign over its limit, and counts what its grants paid", () => {
    always(({ usages, debits }, state) => {
      for (const { id, message, usage, revokedAt } of state.campaigns) {
        const grants = new Set(
          state.allowances.flatMap((each) => (each.campaign === id ? each.id : [])),
        );
        const paid = sum(
          debits.flatMap(({ allowance, amountMicros }) =>
            grants.has(allowance) ? amountMicros : [],
          ),
        );
        const before = renewUsage(message, usage, NOW);
        const after = usages.get(id) ?? before;
        expect(after.periodSpentMicros - before.periodSpentMicros).to.equal(paid);
        expect(after.spentMicros - before.spentMicros).to.equal(paid);
        expect(remainingInPeriod(message, after) >= 0n).to.equal(true);
        if (revokedAt !== null) {
          expect(debits.filter(({ allowance }) => grants.has(allowance))).to.deep.equal([]);
        }
      }
    });
  });

  it("never takes an account over the cap of a paying allowance, with held credits (I4)", () => {
    fc.assert(
      fc.property(anyLedger, ({ state, events }) => {
        // Event by event: a later charge under a higher cap does not concern the earlier allowance.
        for (const each of events) {
          const { debits, accounts } = decideDebits([each], state, RULES);
          for (const { allowance, account: payer, amountMicros } of debits) {
            const { message, byContract } = find(state.allowances, ({ id }) => id === allowance);
            const after = accounts.get(payer);
            const ofThis = debits.filter((debit) => debit.account === payer);
            if (amountMicros === 0n || after === undefined || ofThis.length > 1) continue;
            expect(after.spent + after.held <= message.accountCap).to.equal(true);
            if (byContract) expect(after.spent + after.held <= after.recordedCap).to.equal(true);
          }
        }
      }),
      { numRuns: propertyRuns(1_000) },
    );
  });

  it("conserves: costs = charges = growth of spent = growth of usage, and earned + fee = spent", () => {
    always(({ outcomes, debits, accounts, usages }, state) => {
      const costs = sum(outcomes.filter(isFirst).map(({ costMicros }) => costMicros));
      const charges = outcomes.filter(isFirst).flatMap((outcome) => outcome.charges);
      expect(sum(charges.map(({ amountMicros }) => amountMicros))).to.equal(costs);
      expect(
        debits.map(({ account: payer, allowance, amountMicros }) => ({
          account: payer,
          allowance,
          amountMicros,
        })),
      ).to.deep.equal(charges);

      for (const before of state.accounts.values()) {
        const after = accounts.get(before.address) ?? before;
        const paid = sum(
          debits.flatMap((debit) => (debit.account === before.address ? debit.amountMicros : [])),
        );
        expect(after).to.deep.equal({ ...before, spent: before.spent + paid });
      }
      for (const { id, message, usage } of state.allowances) {
        const before = renewUsage(message, usage, NOW);
        const after = usages.get(id) ?? before;
        const paid = sum(
          debits.flatMap((debit) => (debit.allowance === id ? debit.amountMicros : [])),
        );
        expect(after.spentMicros - before.spentMicros).to.equal(paid);
        expect(after.periodSpentMicros - before.periodSpentMicros).to.equal(paid);
      }
      for (const { amountMicros, feeMicros } of debits) {
        expect(feeMicros).to.equal((amountMicros * 333n) / 10_000n);
      }
    });
  });

  it("charges each event in full or not at all: a refused one has no effect", () => {
    always((decision, state, events) => {
      const taken = events.filter((_, index) => decision.outcomes[index]?.result === "debited");
      const again = decideDebits(taken, state, RULES);
      expect(again.debits).to.deep.equal(decision.debits);
      expect(again.accounts).to.deep.equal(decision.accounts);
      expect(again.usages).to.deep.equal(decision.usages);
      for (const outcome of decision.outcomes.filter(isFirst)) {
        expect(sum(outcome.charges.map(({ amountMicros }) => amountMicros))).to.equal(
          outcome.costMicros,
        );
      }
    });
  });

  it("with less credit than the cost: refuses, and reports the shortage", () => {
    always(({ outcomes }) => {
      for (const outcome of outcomes) {
        if (outcome.result === "refused" && "neededMicros" in outcome.refusal) {
          const { availableMicros, neededMicros } = outcome.refusal;
          expect(availableMicros >= 0n && availableMicros < neededMicros).to.equal(true);
        }
      }
    });
  });

  it("with repetitions in a batch: charges once, and returns the same outcome", () => {
    always(({ outcomes }, _state, events) => {
      const firsts = new Map<string, { hash: string; outcome: Debited }>();
      for (const [index, each] of events.entries()) {
        const outcome = outcomes[index];
        const first = firsts.get(eventKey(each));
        if (first === undefined) {
          if (outcome?.result === "debited") {
            expect(outcome.repeated).to.equal(false);
            firsts.set(eventKey(each), { hash: payloadHash(each), outcome });
          }
        } else if (first.hash === payloadHash(each)) {
          expect(outcome).to.deep.equal({ ...first.outcome, repeated: true });
        } else {
          expect(outcome).to.deep.equal(refused("event_id_conflict"));
        }
      }
    });
  });

  it("decides a batch like its events one by one", () => {
    fc.assert(
      fc.property(anyLedger, ({ state, events }) => {
        const batch = decideDebits(events, state, RULES);
        let current = state;
        const outcomes = events.map((each) => {
          const decision = decideDebits([each], current, RULES);
          const [outcome] = decision.outcomes;
          const known = new Map(current.known);
          if (outcome?.result === "debited" && !outcome.repeated) {
            known.set(eventKey(each), { payload: each, outcome });
          }
          current = {
            ...current,
            known,
            accounts: new Map([...current.accounts, ...decision.accounts]),
            allowances: current.allowances.map((allowance) => ({
              ...allowance,
              usage: decision.usages.get(allowance.id) ?? allowance.usage,
            })),
            campaigns: current.campaigns.map((campaign) => ({
              ...campaign,
              usage: decision.usages.get(campaign.id) ?? campaign.usage,
            })),
          };
          return outcome;
        });
        expect(outcomes).to.deep.equal(batch.outcomes);
      }),
      { numRuns: propertyRuns(500) },
    );
  });

  context("when two grants of one campaign share a cost", () => {
    it("counts the first one's charge against the campaign before the second pays", () => {
      const campaign = allowanceOf({ id: idOf(9), account: sponsor, limit: 50n });
      const grants = [1, 2].map((n) =>
        allowanceOf({ id: idOf(n), account: sponsor, limit: 30n, campaign: campaign.id }),
      );
      const credits = [account(sponsor, { purchased: 100n })];
      const state = stateOf(credits, grants, { campaigns: [campaign] });
      const taking = (quantity: bigint) => decideDebits([event({ quantity })], state, RULES);

      const all = taking(50n);
      expect(all.debits.map(({ amountMicros }) => amountMicros)).to.deep.equal([30n, 20n]);
      expect(all.usages.get(campaign.id)?.spentMicros).to.equal(50n);
      const [tooMuch] = taking(51n).outcomes;
      expect(tooMuch).to.deep.include({ result: "refused" });
      expect(tooMuch?.result === "refused" && tooMuch.refusal).to.deep.include({
        reason: "campaign_exhausted",
        availableMicros: 50n,
      });
    });
  });

  context("when several allowances share a cost", () => {
    it("charges each in burn-down order, up to its limit", () => {
      const [first, second] = [
        allowanceOf({ id: idOf(1), account: sponsor, limit: 30n, priority: 1 }),
        allowanceOf({ id: idOf(2), account: owner, limit: 100n, priority: 2 }),
      ];
      const state = stateOf(
        [account(owner, { purchased: 100n }), account(sponsor, { purchased: 100n })],
        [second, first],
      );
      const { outcomes, accounts } = decideDebits([event({ quantity: 70n })], state, RULES);
      expect(outcomes).to.deep.equal([
        {
          result: "debited",
          costMicros: 70n,
          rateCardVersion: 1,
          charges: [
            { account: sponsor, allowance: idOf(1), amountMicros: 30n },
            { account: owner, allowance: idOf(2), amountMicros: 40n },
          ],
          recordedAt: NOW,
          repeated: false,
        },
      ]);
      expect(accounts.get(sponsor)?.spent).to.equal(30n);
      expect(accounts.get(owner)?.spent).to.equal(40n);
    });

    it("with both on one account: counts the first charge before the second", () => {
      const state = stateOf(
        [account(owner, { purchased: 50n })],
        [
          allowanceOf({ id: idOf(1), limit: 30n, priority: 1 }),
          allowanceOf({ id: idOf(2), limit: 30n, priority: 2 }),
        ],
      );
      const [outcome] = decideDebits([event({ quantity: 60n })], state, RULES).outcomes;
      expect(outcome).to.deep.equal(
        refused("insufficient_credits", {
          account: owner,
          availableMicros: 50n,
          neededMicros: 60n,
          heldMicros: 0n,
        }),
      );
    });
  });

  context("when a limit is met exactly", () => {
    it("spends the last micro-credit of account, allowance and cap, and not one more", () => {
      const limits = [
        ["insufficient_credits", { purchased: 10n }, {}],
        ["allowance_exhausted", { purchased: 99n }, { limit: 10n }],
        ["account_cap_reached", { purchased: 99n }, { accountCap: 10n }],
        ["account_cap_reached", { purchased: 99n, held: 5n }, { accountCap: 15n }],
        ["cap_not_recorded", { purchased: 99n, recordedCap: 10n }, { byContract: true }],
        [
          "cap_not_recorded",
          { purchased: 99n, held: 5n, recordedCap: 15n },
          { byContract: true, accountCap: 16n },
        ],
        // What is on record exceeds this allowance's own cap.
        [
          "account_cap_reached",
          { purchased: 99n, recordedCap: 90n },
          { byContract: true, accountCap: 10n },
        ],
      ] as const;
      for (const [reason, ofAccount, ofAllowance] of limits) {
        const state = stateOf([account(owner, ofAccount)], [allowanceOf(ofAllowance)]);
        const { outcomes } = decideDebits(
          [event({ quantity: 10n }), event({ quantity: 1n })],
          state,
          RULES,
        );
        expect(outcomes.map(({ result }) => result)).to.deep.equal(["debited", "refused"]);
        expect(outcomes[1]).to.deep.equal(
          refused(reason, {
            account: owner,
            availableMicros: 0n,
            neededMicros: 1n,
            heldMicros: "held" in ofAccount ? ofAccount.held : 0n,
          }),
        );
      }
    });
  });

  context("when an event costs more than can exist", () => {
    it("refuses the smallest such quantity", () => {
      const state = stateOf([account(owner, { purchased: MAX_MICROS })], [allowanceOf()]);
      const events = [2n, 3n].map((quantity) => event({ meter: "dear", quantity }));
      const [most, over] = decideDebits(events, state, RULES).outcomes;
      expect(most).to.include({ result: "debited", costMicros: MAX_MICROS });
      expect(over).to.deep.equal(refused("quantity_too_large"));
    });
  });

  context("when an event costs nothing", () => {
    it("records it under the first permitting allowance, and charges nothing", () => {
      const state = stateOf([account(owner)], [allowanceOf({ id: idOf(1), limit: 0n })]);
      const { outcomes, debits } = decideDebits([event({ meter: "free" })], state, RULES);
      expect(outcomes[0]?.result).to.equal("debited");
      expect(debits).to.have.length(1);
      expect(debits[0]).to.include({
        allowance: idOf(1),
        amountMicros: 0n,
        feeMicros: 0n,
        part: 0,
      });
    });
  });

  context("when an event is late or early", () => {
    for (const [seconds, reason] of [
      [-3_600, null],
      [-3_600.001, "event_too_old"],
      [60, null],
      [60.001, "event_in_future"],
    ] as const) {
      it(`${reason === null ? "accepts" : "refuses"} one dated ${seconds} seconds from now`, () => {
        const occurredAt = new Date(NOW.getTime() + seconds * 1000);
        const state = stateOf([account(owner, { purchased: 10n })], [allowanceOf()]);
        const [outcome] = decideDebits([event({ occurredAt })], state, RULES).outcomes;
        expect(outcome?.result === "refused" ? outcome.refusal.reason : null).to.equal(reason);
      });
    }

    it("when it was debited before: returns its first outcome, at any age", () => {
      const old = event({ occurredAt: new Date(0) });
      const first: Debited = {
        result: "debited",
        costMicros: 1n,
        rateCardVersion: 1,
        charges: [],
        recordedAt: new Date(0),
        repeated: false,
      };
      const known = new Map([[eventKey(old), { payload: old, outcome: first }]]);
      const state = stateOf([account(owner)], [allowanceOf()], { known });
      expect(decideDebits([old], state, RULES)).to.deep.include({
        outcomes: [{ ...first, repeated: true }],
        debits: [],
      });
    });
  });
});

describe("payloadHash", () => {
  const base = event({ id: "a", dimensions: { gpu: "H100", tier: "spot" } });

  it("with dimensions in another order, or another id: is equal", () => {
    expect(payloadHash({ ...base, dimensions: { tier: "spot", gpu: "H100" } })).to.equal(
      payloadHash(base),
    );
  });

  it("with another spender, meter, quantity, time or dimension: is different", () => {
    const others: readonly Partial<UsageEvent>[] = [
      { spender: otherKey },
      { meter: "free" },
      { quantity: 2n },
      { occurredAt: new Date(NOW.getTime() + 1) },
      { dimensions: { gpu: "H100" } },
      { dimensions: { gpu: "H100", tier: "reserved" } },
      { dimensions: { gpu: "spot", tier: "H100" } },
    ];
    const hashes = [base, ...others.map((fields) => ({ ...base, ...fields }))].map(payloadHash);
    expect(new Set(hashes).size).to.equal(others.length + 1);
  });
});

function idOf(n: number): `0x${string}` {
  return numberToHex(n, { size: 32 });
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

function isFirst(outcome: UsageOutcome): outcome is Debited {
  return outcome.result === "debited" && !outcome.repeated;
}

function refused(reason: string, fields: object = {}) {
  return { result: "refused", refusal: { reason, ...fields } };
}

function find<T>(list: readonly T[], test: (item: T) => boolean): T {
  const found = list.find(test);
  if (found === undefined) throw new Error("not in the list");
  return found;
}
