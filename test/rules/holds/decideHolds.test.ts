import { expect } from "chai";
import * as fc from "fast-check";
import { numberToHex } from "viem";

import { inBurnDownOrder } from "@compute-credits/rules/allowances/burnDownOrder";
import { available } from "@compute-credits/rules/accounts/account";
import type { HoldRequest } from "@compute-credits/rules/holds/authorize";
import {
  type HoldBatch,
  type HoldDecision,
  type HoldsState,
  decideHolds,
  pairKey,
} from "@compute-credits/rules/holds/decideHolds";
import { type Hold, heldMicros, partsOf } from "@compute-credits/rules/holds/hold";
import { holdKey } from "@compute-credits/rules/holds/requests";
import { pricePinned } from "@compute-credits/rules/pricing/pinnedRate";
import { SpendingDraft } from "@compute-credits/rules/spending/spendingDraft";
import { tierUseKey } from "@compute-credits/rules/pricing/priceDraft";
import { indexRates } from "@compute-credits/rules/pricing/rateIndex";
import { account, key, owner, provider, sponsor, stateOf } from "../../fixtures/anyLedger.ts";
import { allowanceOf } from "../../fixtures/allowances.ts";
import { repeated } from "../../fixtures/effort.ts";
import { cardOf, fixedRate, tieredRate } from "../../fixtures/rates.ts";

const RULES = { feeBps: 333n, maxOpenHolds: 3 };

/** A third of a micro-credit a unit, and tiers that five units reach. */
const TIERS = [
  [5n, 2n],
  [null, 1n],
] as const;
const CARD = cardOf(1, [
  { ...fixedRate({ microCredits: 1n, perUnits: 3n }), meter: "thirds" },
  tieredRate("graduated", TIERS, { meter: "graduated" }),
  tieredRate("volume", TIERS, { meter: "volume" }),
]);
const METER_OF: Readonly<Record<string, string>> = { a: "thirds", b: "graduated", c: "volume" };

/** Lines of a request, an extension or a capture: all three are held more often than not. */
const anyLines = (most: bigint, minLength: number) =>
  fc.uniqueArray(
    fc.record({
      line: fc.constantFrom("a", "b", "c"),
      quantity: fc.bigInt({ min: 0n, max: most }),
    }),
    { minLength, maxLength: 3, selector: ({ line }) => line },
  );
const ofHold = { id: fc.constantFrom("h0", "h0", "h1", "h2") };

/** Two accounts with few credits, and allowances of theirs that nearly always may pay. */
const anyPayers = fc
  .record({
    credits: fc.tuple(fc.bigInt({ min: 0n, max: 60n }), fc.bigInt({ min: 0n, max: 60n })),
    allowances: fc.array(
      fc.record({
        account: fc.constantFrom(owner, sponsor),
        limit: fc.constantFrom(3n, 20n, 200n),
        period: fc.constantFrom(0n, 86_400n),
        accountCap: fc.constantFrom(30n, 500n),
        priority: fc.nat(2),
        revokedAt: fc.constantFrom(null, null, null, null, null, new Date(1)),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  })
  .map(({ credits, allowances }) =>
    stateOf(
      [account(owner, { purchased: credits[0] }), account(sponsor, { purchased: credits[1] })],
      allowances.map((fields, n) =>
        allowanceOf({ ...fields, spender: key, id: numberToHex(n, { size: 32 }) }),
      ),
    ),
  );

/** What several callers ask of the ledger at one time, and what has changed since the last time. */
const anyStep = fc.record({
  seconds: fc.constantFrom(0, 1, 20),
  refundRequested: fc.constantFrom([], [], [], [owner]),
  captures: fc.array(fc.record({ ...ofHold, lines: anyLines(6n, 1), final: fc.boolean() }), {
    maxLength: 3,
  }),
  ends: fc.array(
    fc.record({ ...ofHold, as: fc.constantFrom("released" as const, "expired" as const) }),
    { maxLength: 2 },
  ),
  extensions: fc.array(
    fc.record({ ...ofHold, ttlSeconds: fc.constantFrom(null, 5, 90), lines: anyLines(4n, 0) }),
    { maxLength: 3 },
  ),
  requests: fc.uniqueArray(
    fc.record({ ...ofHold, lines: anyLines(9n, 2), ttlSeconds: fc.constantFrom(10, 60) }),
    { maxLength: 3, selector: ({ id }) => id },
  ),
});
type Step = typeof anyStep extends fc.Arbitrary<infer Made> ? Made : never;

let events = 0;

const named = <Task extends { readonly id: string }>(task: Task) => ({ ...task, provider });

function batchOf(step: Step, holds: HoldsState["holds"]): HoldBatch {
  const { captures, ends, extensions, requests } = step;
  return {
    captures: captures.map(named).map((task) => ({
      ...task,
      lines: task.lines.map((line) => ({
        ...line,
        eventId: `event-${events++}`,
        payloadHash: "0x00" as const,
      })),
    })),
    ends: ends.map(named),
    extensions: extensions.map(named).map((task) => ({ ...task, extensionId: `${events++}` })),
    requests: requests
      .map(named)
      .filter((task) => !holds.has(holdKey(task)))
      .map(({ lines, ...task }): HoldRequest => ({
        ...task,
        spender: key,
        lines: lines.map((line) => ({
          ...line,
          meter: METER_OF[line.line] ?? "",
          dimensions: {},
        })),
      })),
  };
}

/** The state that a decision leaves behind. */
function after(state: HoldsState, decision: HoldDecision): HoldsState {
  const { changes, changedHolds, newHolds, tierUnits } = decision;
  const holds = new Map(state.holds);
  for (const hold of [...newHolds, ...changedHolds]) holds.set(holdKey(hold), hold);
  const open = [...holds.values()].filter(({ resolution }) => resolution === null);
  const openHolds = new Map([[pairKey({ provider, spender: key }), BigInt(open.length)]]);
  const usedUnits = new Map(state.prices.usedUnits);
  for (const { use, units } of tierUnits) {
    usedUnits.set(tierUseKey(use), units + (usedUnits.get(tierUseKey(use)) ?? 0n));
  }
  const used = (each: HoldsState["allowances"][number]) => ({
    ...each,
    usage: changes.usages.get(each.id) ?? each.usage,
  });
  return {
    ...state,
    holds,
    openHolds,
    accounts: new Map([...state.accounts, ...changes.accounts]),
    allowances: state.allowances.map(used),
    campaigns: state.campaigns.map(used),
    prices: { ...state.prices, usedUnits },
  };
}

/** One task after the other, in the order in which a batch is decided. */
function oneByOne({ captures, ends, extensions, requests }: HoldBatch): HoldBatch[] {
  const none: HoldBatch = { captures: [], ends: [], extensions: [], requests: [] };
  return [
    ...captures.map((task) => ({ ...none, captures: [task] })),
    ...ends.map((task) => ({ ...none, ends: [task] })),
    ...extensions.map((task) => ({ ...none, extensions: [task] })),
    ...requests.map((task) => ({ ...none, requests: [task] })),
  ];
}

const outcomesOf = ({ captured, ended, extended, held }: HoldDecision) => [
  ...captured,
  ...ended,
  ...extended,
  ...held,
];

interface Run {
  readonly before: HoldsState;
  readonly batch: HoldBatch;
  readonly decision: HoldDecision;
  readonly now: HoldsState;
}

/** Decides steps one after the other, and checks each. */
function always(check: (run: Run) => void, runs: number): void {
  fc.assert(
    fc.property(anyPayers, fc.array(anyStep, { minLength: 3, maxLength: 6 }), (ledger, steps) => {
      const { frozenAt, known: _, ...spending } = ledger;
      let state: HoldsState = {
        ...spending,
        frozenAt,
        prices: { ...ledger.prices, rates: indexRates([CARD]) },
        holds: new Map(),
        openHolds: new Map([[pairKey({ provider, spender: key }), 0n]]),
        refundRequested: new Set(),
      };
      for (const step of steps) {
        const time = new Date(state.now.getTime() + step.seconds * 1_000);
        const before = { ...state, now: time, refundRequested: new Set(step.refundRequested) };
        const batch = batchOf(step, before.holds);
        const decision = decideHolds(batch, before, RULES);
        state = after(before, decision);
        check({ before, batch, decision, now: state });
      }
    }),
    { numRuns: repeated(runs) },
  );
}

/** What was reserved for each lot: its whole cost. */
const reservedMicros = ({ lots }: Hold) =>
  lots.map(({ rate, quantity }) => pricePinned(rate, quantity));

describe("decideHolds", () => {
  it("decides a batch like its tasks one by one", () => {
    always(({ before, batch, decision }) => {
      let state = before;
      const outcomes: unknown[] = [];
      for (const task of oneByOne(batch)) {
        const one = decideHolds(task, state, RULES);
        outcomes.push(...outcomesOf(one));
        state = after(state, one);
      }
      expect(outcomesOf(decision)).to.deep.equal(outcomes);
      expect(after(before, decision)).to.deep.equal(state);
    }, 200);
  });

  it("never overspends: no account below zero, no payer over its cap", () => {
    always(({ before, now, decision }) => {
      for (const each of now.accounts.values()) {
        expect(available(each) >= 0n, "available").to.equal(true);
        expect(each.held >= 0n, "held").to.equal(true);
      }
      // The last reservation kept its own cap, which is at most the highest of those that paid.
      const lots = [decision.newHolds, decision.extensions.map(({ added }) => ({ lots: added }))];
      const paid = lots
        .flat()
        .flatMap(partsOf)
        .filter((part) => part.heldMicros > 0n);
      for (const payer of new Set(paid.map((part) => part.account))) {
        const ids = paid.flatMap((part) => (part.account === payer ? part.allowance : []));
        const caps = before.allowances.flatMap(({ id, message }) =>
          ids.includes(id) ? message.accountCap : [],
        );
        const { spent, held } = now.accounts.get(payer) ?? { spent: 0n, held: 0n };
        expect(
          caps.some((cap) => spent + held <= cap),
          "cap",
        ).to.equal(true);
      }
    }, 200);
  });

  it("conserves each lot: captured and held are what was reserved, until the rest returns", () => {
    always(({ before, now }) => {
      for (const [name, hold] of now.holds) {
        const reserved = reservedMicros(hold);
        for (const [index, lot] of hold.lots.entries()) {
          const held = heldMicros({ lots: [lot] });
          expect(lot.capturedMicros <= (reserved[index] ?? 0n), "captured ≤ held").to.equal(true);
          // Released = held − captured, to the micro-credit.
          const expected = hold.resolution === null ? (reserved[index] ?? 0n) : lot.capturedMicros;
          expect(lot.capturedMicros + held).to.equal(expected);
        }
        const earlier = before.holds.get(name);
        if (earlier === undefined) continue;
        expect(hold.expiresAt >= earlier.expiresAt, "never shorter").to.equal(true);
        expect(hold.lots.length >= earlier.lots.length, "lots are only added").to.equal(true);
      }
    }, 200);
  });

  it("moves credits between held, spent and available only", () => {
    always(({ before, now, decision }) => {
      const heldBefore = sumOf(before.holds.values(), heldMicros);
      const heldNow = sumOf(now.holds.values(), heldMicros);
      const spent = sumOf(decision.debits, ({ amountMicros }) => amountMicros);
      const change = (of: "held" | "spent" | "purchased" | "refunded") =>
        sumOf(now.accounts.values(), (each) => each[of]) -
        sumOf(before.accounts.values(), (each) => each[of]);
      expect(change("held")).to.equal(heldNow - heldBefore);
      expect(change("spent")).to.equal(spent);
      expect([change("purchased"), change("refunded")]).to.deep.equal([0n, 0n]);
    }, 200);
  });

  it("all or nothing: a refused request, capture or extension leaves everything as it was", () => {
    always(({ before, batch }) => {
      for (const task of oneByOne(batch)) {
        const decision = decideHolds(task, before, RULES);
        const [outcome] = outcomesOf(decision);
        if (outcome === null || outcome?.result !== "refused") continue;
        expect(decision.changes.accounts.size + decision.changes.usages.size).to.equal(0);
        expect([decision.debits, decision.newHolds, decision.changedHolds]).to.deep.equal([
          [],
          [],
          [],
        ]);
      }
    }, 100);
  });

  it("tells the most that the allowances behind a hold can still pay", () => {
    always(({ before, batch }) => {
      for (const task of oneByOne(batch)) {
        const decision = decideHolds(task, before, RULES);
        const [outcome] = outcomesOf(decision);
        if (outcome === null || outcome?.result === "refused" || outcome === undefined) continue;
        const told = outcome.remainingMicros ?? -1n;
        const now = after(before, decision);
        const ids = new Set(partsOf(outcome.hold).map(({ allowance }) => allowance));
        const inOrder = inBurnDownOrder(now.allowances).get(key) ?? [];
        const payers = inOrder.filter(({ id, revokedAt }) => ids.has(id) && !revokedAt);
        if (payers.length === 0) expect(told).to.equal(0n);
        else {
          const take = (priceMicros: bigint) =>
            new SpendingDraft({ ...now, allowances: payers }).take(payers, { priceMicros }, "held");
          expect(take(told)).to.have.property("costMicros", told);
          expect(take(told + 1n)).to.have.property("availableMicros", told);
        }
      }
    }, 200);
  });

  it("extends nothing that an account with a refund request holds credits for", () => {
    always(({ before, batch, decision }) => {
      for (const [index, task] of batch.extensions.entries()) {
        const outcome = decision.extended[index];
        if (outcome?.result !== "extended") continue;
        const hold = before.holds.get(holdKey(task));
        if (hold === undefined || batch.captures.length + batch.ends.length > 0) continue;
        const payers = partsOf(hold).filter(({ heldMicros: micros }) => micros > 0n);
        for (const { account: payer } of payers) {
          expect(before.refundRequested.has(payer), "refund requested").to.equal(false);
        }
        expect(hold.expiresAt > before.now, "open").to.equal(true);
      }
    }, 200);
  });
});

function sumOf<Item>(items: Iterable<Item>, of: (item: Item) => bigint): bigint {
  let sum = 0n;
  for (const item of items) sum += of(item);
  return sum;
}
