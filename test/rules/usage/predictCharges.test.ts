import { expect } from "chai";
import * as fc from "fast-check";
import { type Hex, padHex } from "viem";

import { inBurnDownOrder } from "@compute-credits/rules/allowances/burnDownOrder";
import { decideDebits, eventKey } from "@compute-credits/rules/usage/decideDebits";
import { predictCharges } from "@compute-credits/rules/usage/predictCharges";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import { allowanceOf } from "../../fixtures/allowances.ts";
import { NOW, RULES, anyLedger, event, owner, sponsor, stateOf } from "../../fixtures/anyLedger.ts";
import { repeated } from "../../fixtures/effort.ts";

describe("predictCharges", () => {
  it("refuses only what the decision refuses, for another reason than credits", () => {
    let refusedTogether = 0;
    fc.assert(
      fc.property(anyLedger, ({ state, events }) => {
        const bySpender = inBurnDownOrder(state.allowances);
        const allowances = events.map(({ spender }) => bySpender.get(spender) ?? []);
        const { hasAccess, prices } = state;
        const seen = {
          now: NOW,
          allowances,
          rates: prices.rates,
          isDepleted: () => false,
          hasAccess,
        };
        const { refused } = predictCharges(events, seen, RULES);
        const { outcomes } = decideDebits(events, state, RULES);
        for (const index of refused) {
          const [reported, outcome] = [events[index], outcomes[index]];
          if (reported === undefined || state.known.has(eventKey(reported))) continue;
          expect(outcome?.result).to.equal("refused");
          refusedTogether++;
        }
      }),
      { numRuns: repeated(1_000) },
    );
    expect(refusedTogether).to.be.greaterThan(100);
  });

  context("when an allowance in front is depleted", () => {
    const first = allowanceOf({ id: padHex("0x01", { size: 32 }), priority: 1 });
    const scope = { providers: [], meters: ["units"] };
    const second = allowanceOf({ id: padHex("0x02", { size: 32 }), account: sponsor, scope });

    function predicted(events: readonly UsageEvent[], depleted: readonly Hex[]) {
      const { prices, hasAccess } = stateOf([], []);
      const allowances = events.map(() => [first, second]);
      const isDepleted = (id: Hex) => depleted.includes(id);
      const seen = { now: NOW, allowances, rates: prices.rates, isDepleted, hasAccess };
      const { charges, passedOver, accounts } = predictCharges(events, seen, RULES);
      return {
        payers: charges?.map(({ payer }) => payer.id) ?? null,
        passedOver: [...passedOver.keys()],
        accounts: [...accounts.keys()],
      };
    }

    it("lets the next one pay, and locks both accounts", () => {
      expect(predicted([event()], [first.id])).to.deep.equal({
        payers: [second.id],
        passedOver: [first.id],
        accounts: [owner, sponsor],
      });
    });

    it("tries the first if all are depleted", () => {
      expect(predicted([event()], [first.id, second.id])).to.deep.include({
        payers: [first.id],
        passedOver: [],
      });
    });

    it("predicts nothing as a whole if another event charges what one passes over", () => {
      expect(predicted([event(), event({ meter: "dear" })], [first.id]).payers).to.equal(null);
    });
  });
});
