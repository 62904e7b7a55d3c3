import { expect } from "chai";
import * as fc from "fast-check";

import { available } from "@compute-credits/rules/accounts/account";
import {
  type LedgerState,
  decideDebits,
  eventKey,
} from "@compute-credits/rules/usage/decideDebits";
import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { EventGroup, UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import { RULES, account, anyLedger, event, key, owner, stateOf } from "../../fixtures/anyLedger.ts";
import { allowanceOf } from "../../fixtures/allowances.ts";
import { propertyRuns } from "../../fixtures/effort.ts";

/** Events of a report, some of them in one of three groups. */
const anyGroups = fc
  .tuple(anyLedger, fc.array(fc.nat(3), { minLength: 12, maxLength: 12 }))
  .map(([{ state, events }, places]) => {
    const groups: readonly EventGroup[] = [{ id: "a" }, { id: "b" }, { id: "c" }];
    return {
      state,
      events: events.map((each, n): UsageEvent => ({ ...each, group: groups[places[n] ?? 3] })),
    };
  });

/** The state that decisions leave behind. */
function after(state: LedgerState, events: readonly UsageEvent[]): LedgerState {
  const { outcomes, accounts, usages } = decideDebits(events, state, RULES);
  const known = new Map(state.known);
  for (const [n, each] of events.entries()) {
    const outcome = outcomes[n];
    if (outcome?.result === "debited" && !known.has(eventKey(each))) {
      known.set(eventKey(each), { payload: each, outcome });
    }
  }
  const used = (each: LedgerState["allowances"][number]) => ({
    ...each,
    usage: usages.get(each.id) ?? each.usage,
  });
  return {
    ...state,
    known,
    accounts: new Map([...state.accounts, ...accounts]),
    allowances: state.allowances.map(used),
    campaigns: state.campaigns.map(used),
  };
}

const isRefused = ({ result }: UsageOutcome) => result === "refused";

describe("a group of events", () => {
  it("is charged as if its events stood alone, or not at all, wherever they stand", () => {
    fc.assert(
      fc.property(anyGroups, ({ state, events }) => {
        const decision = decideDebits(events, state, RULES);
        const alone = events.map((each): UsageEvent => ({ ...each, group: undefined }));
        let now = state;
        const done = new Set<EventGroup>();
        for (const [n, { group }] of events.entries()) {
          if (group !== undefined && done.has(group)) continue;
          if (group !== undefined) done.add(group);
          const places =
            group === undefined
              ? [n]
              : [...events.keys()].filter((index) => events[index]?.group === group);
          const members = places.flatMap((index) => alone[index] ?? []);
          const { outcomes } = decideDebits(members, now, RULES);
          const first = outcomes.findIndex(isRefused);
          for (const [m, index] of places.entries()) {
            const member = members[m];
            const isKnown = member !== undefined && now.known.has(eventKey(member));
            const expected =
              first === -1 || m === first || isKnown || group === undefined
                ? outcomes[m]
                : {
                    result: "refused",
                    refusal: { reason: "group_refused", id: members[first]?.id },
                  };
            expect(decision.outcomes[index]).to.deep.equal(expected);
          }
          if (first === -1) now = after(now, members);
        }
        for (const [address, before] of state.accounts) {
          expect(decision.accounts.get(address) ?? before).to.deep.equal(now.accounts.get(address));
          expect(available(decision.accounts.get(address) ?? before) >= 0n).to.equal(true);
        }
      }),
      { numRuns: propertyRuns(500) },
    );
  });

  it("with too little credit for the last: charges none, and what follows can use the credit", () => {
    const group = { id: "job" };
    const state = stateOf(
      [account(owner, { purchased: 10n })],
      [allowanceOf({ account: owner, spender: key })],
    );
    const events = [
      event({ quantity: 6n, group }),
      event({ quantity: 4n, group }),
      event({ quantity: 1n, group }),
      event({ quantity: 10n }),
    ];
    const { outcomes, debits } = decideDebits(events, state, RULES);
    expect(
      outcomes.map((one) => (one.result === "refused" ? one.refusal.reason : one.result)),
    ).to.deep.equal(["group_refused", "group_refused", "insufficient_credits", "debited"]);
    expect(debits.map(({ amountMicros }) => amountMicros)).to.deep.equal([10n]);
  });
});
