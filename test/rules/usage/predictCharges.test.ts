import { expect } from "chai";
import * as fc from "fast-check";

import { inBurnDownOrder } from "@compute-credits/rules/allowances/burnDownOrder";
import { decideDebits, eventKey } from "@compute-credits/rules/usage/decideDebits";
import { predictCharges } from "@compute-credits/rules/usage/predictCharges";
import { NOW, RULES, anyLedger } from "../../fixtures/anyLedger.ts";
import { repeated } from "../../fixtures/effort.ts";

describe("predictCharges", () => {
  it("refuses only what the decision refuses, for another reason than credits", () => {
    let refusedTogether = 0;
    fc.assert(
      fc.property(anyLedger, ({ state, events }) => {
        const bySpender = inBurnDownOrder(state.allowances);
        const allowances = events.map(({ spender }) => bySpender.get(spender) ?? []);
        const { hasAccess, prices } = state;
        const seen = { now: NOW, allowances, rates: prices.rates, hasAccess };
        const { refused } = predictCharges(events, seen, RULES);
        const { outcomes } = decideDebits(events, state, RULES);
        for (const index of refused) {
          const [event, outcome] = [events[index], outcomes[index]];
          if (event === undefined || state.known.has(eventKey(event))) continue;
          expect(outcome?.result).to.equal("refused");
          refusedTogether++;
        }
      }),
      { numRuns: repeated(1_000) },
    );
    expect(refusedTogether).to.be.greaterThan(100);
  });
});
