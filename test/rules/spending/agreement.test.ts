import { expect } from "chai";
import * as fc from "fast-check";
import { type Address, maxUint64, numberToHex } from "viem";

import { AuditState, stepsKey } from "../../../auditor/replay/auditState.ts";
import { replayEntry } from "../../../auditor/replay/replayEntry.ts";
import type { ReplayTerms } from "../../../auditor/replay/terms.ts";
import { authorize } from "@compute-credits/rules/holds/authorize";
import { type Hold, type HoldLot, MAIN_LINE, partsOf } from "@compute-credits/rules/holds/hold";
import { capture } from "@compute-credits/rules/holds/resolve";
import { explainPrice } from "@compute-credits/rules/insight/priceExplanation";
import {
  fromPinnedRate,
  fromPriceBasis,
  toPinnedRate,
  toPriceBasis,
} from "@compute-credits/rules/pricing/pinnedRateJson";
import { pricePinned } from "@compute-credits/rules/pricing/pinnedRate";
import { previewPrice } from "@compute-credits/rules/pricing/preview";
import { priceBasisOf, tierUnitsOfBasis } from "@compute-credits/rules/pricing/priceBasis";
import {
  PriceDraft,
  monthOf,
  multiplierKey,
  tierUseKey,
} from "@compute-credits/rules/pricing/priceDraft";
import type { Rate } from "@compute-credits/rules/pricing/rate";
import { indexRates } from "@compute-credits/rules/pricing/rateIndex";
import { tierUnitsOf } from "@compute-credits/rules/pricing/tierUnits";
import type { Charge } from "@compute-credits/rules/spending/findCharges";
import { SpendingDraft } from "@compute-credits/rules/spending/spendingDraft";
import { type LedgerState, decideDebits } from "@compute-credits/rules/usage/decideDebits";
import { allowanceOf } from "../../fixtures/allowances.ts";
import {
  NOW,
  RULES,
  account,
  event,
  key,
  otherKey,
  provider,
  stateOf,
} from "../../fixtures/anyLedger.ts";
import { repeated } from "../../fixtures/effort.ts";
import { party } from "../../fixtures/ledger.ts";
import { anyQuantity, anyRate, cardOf } from "../../fixtures/rates.ts";

const ACCOUNTS = [party(1), party(2), party(3)];
const RATE_KEY = "operator:units";
const MONTH = monthOf(NOW);

interface Case {
  readonly state: LedgerState;
  readonly rate: Rate;
  readonly used: ReadonlyMap<string, bigint>;
  readonly multiplierBps: bigint;
  readonly quantity: bigint;
}

/** Few or many credits, so that an event has one payer, several, or none. */
const anyAmount = fc.oneof(
  fc.constantFrom(0n, 1n),
  fc.bigInt({ min: 0n, max: 2_000n }),
  fc.bigInt({ min: 0n, max: 20_000_000n }),
);
const anyLimit = fc.oneof(anyAmount, fc.constant(maxUint64));

const anyCase: fc.Arbitrary<Case> = fc
  .record({
    rate: anyRate,
    quantity: fc.oneof(fc.bigInt({ min: 0n, max: 5n }), anyQuantity),
    used: fc.tuple(anyQuantity, anyQuantity, anyQuantity),
    credits: fc.tuple(anyAmount, anyAmount, anyAmount),
    multiplierBps: fc.bigInt({ min: 1n, max: 40_000n }),
    campaignLimit: anyLimit,
    allowances: fc.array(
      fc.record({
        account: fc.constantFrom(...ACCOUNTS),
        limit: anyLimit,
        accountCap: anyLimit,
        priority: fc.nat(2),
        isGrant: fc.boolean(),
      }),
      { minLength: 1, maxLength: 5 },
    ),
  })
  .map(({ rate, quantity, used, credits, multiplierBps, campaignLimit, allowances }) => {
    const campaigns = ACCOUNTS.map((of, n) =>
      allowanceOf({
        id: numberToHex(100 + n, { size: 32 }),
        account: of,
        spender: otherKey,
        limit: campaignLimit,
      }),
    );
    const usedUnits = new Map(
      ACCOUNTS.map((of, n) => [
        tierUseKey({ account: of, month: MONTH, rateKey: RATE_KEY }),
        used[n] ?? 0n,
      ]),
    );
    const state = stateOf(
      ACCOUNTS.map((of, n) => account(of, { purchased: credits[n] ?? 0n })),
      allowances.map(({ isGrant, ...fields }, n) => {
        const campaign = campaigns.find(({ message }) => message.account === fields.account);
        return allowanceOf({
          ...fields,
          id: numberToHex(n + 1, { size: 32 }),
          campaign: isGrant ? (campaign?.id ?? null) : null,
        });
      }),
      {
        campaigns,
        prices: {
          rates: indexRates([cardOf(1, [rate])]),
          usedUnits,
          multipliers: new Map([
            [multiplierKey({ provider, rateKey: RATE_KEY, at: NOW }), multiplierBps],
          ]),
        },
      },
    );
    return { state, rate, used: usedUnits, multiplierBps, quantity };
  });

function debit({ state, quantity }: Case) {
  const decision = decideDebits([event({ id: "debit", quantity })], state, RULES);
  const [outcome] = decision.outcomes;
  if (outcome === undefined) throw new Error("no outcome");
  return { ...decision, outcome };
}

function drafts({ state }: Case) {
  return { prices: new PriceDraft(state.prices), draft: new SpendingDraft(state) };
}

const work = { provider, meter: "units", dimensions: {} };
const explained = { ...work, rateCardVersion: 1 };
const cardsOf = (rates: readonly Rate[]) => new Map([[1, cardOf(1, rates)]]);

/** The only lot of a hold that nobody extended. */
function lotOf({ lots: [lot] }: Hold): HoldLot {
  if (lot === undefined) throw new Error("a hold has no lot");
  return lot;
}

function hold(one: Case, quotedAccount?: Address) {
  const { quantity } = one;
  const { prices, draft } = drafts(one);
  const request = { ...work, id: "hold", spender: key, quantity, ttlSeconds: 60 };
  if (quotedAccount === undefined) return authorize(request, prices, draft);
  const preview = previewPrice(new PriceDraft(one.state.prices), {
    ...work,
    quantity,
    account: quotedAccount,
    at: NOW,
  });
  if ("refusal" in preview) throw new Error(preview.refusal);
  const expiresAt = new Date(NOW.getTime() + 1_000);
  const quote = { ...work, quantity, account: quotedAccount, rate: preview.pinned, expiresAt };
  return authorize({ ...request, quote }, prices, draft);
}

function previewOf(one: Case, of: Address): bigint {
  const { prices } = drafts(one);
  const preview = previewPrice(prices, { ...work, quantity: one.quantity, account: of, at: NOW });
  if ("refusal" in preview) throw new Error(preview.refusal);
  return preview.costMicros;
}

/** The auditor's state with the same accounts, allowances, prices and usage. */
function auditStateOf({ state, rate, used, multiplierBps }: Case): AuditState {
  const audit = new AuditState();
  audit.hasOwnPrices = true;
  for (const each of state.accounts.values()) {
    audit.setParty({ ...audit.party(each.address), ...each });
  }
  for (const each of [...state.campaigns, ...state.allowances]) {
    audit.addAllowance({ ...each, isSigned: true });
    audit.setAcceptance(key, each.message.account, ACCEPTED);
  }
  audit.setAccess(key, provider, { createdAt: new Date(0), ended: false });
  audit.addCard({ card: cardOf(1, [rate]), createdAt: new Date(0) });
  for (const of of ACCOUNTS) {
    const use = { account: of, month: MONTH, rateKey: RATE_KEY };
    audit.addUnits(use, used.get(tierUseKey(use)) ?? 0n);
  }
  audit.addStep(stepsKey(provider, RATE_KEY), {
    step: 1,
    effectiveFrom: new Date(0),
    utilisationBps: 0n,
    beforeBps: multiplierBps,
    afterBps: multiplierBps,
    rateCardVersion: 1,
  });
  return audit;
}

const ACCEPTED = { accepted: true, changedAt: new Date(0), signedAt: 0n, isImplied: false };

const TERMS: ReplayTerms = {
  cut: 1n,
  fees: [{ feeBps: RULES.feeBps, from: null }],
  notBefore: null,
  maxQuoteSeconds: 3_600,
  chainEvents: () => [],
  missed: { named: new Set(), known: new Map(), appliedBefore: 0n },
  counts: () => true,
  forged: new Set(),
  byContract: new Set(),
  writeOffAccount: null,
  counterGraceSeconds: 0,
  readUpTo: NOW,
  writeOffFacts: new Map(),
};

const place = { order: 1n, transaction: 1n };

function always(check: (one: Case) => void) {
  fc.assert(fc.property(anyCase, check), { numRuns: repeated(2_000) });
}

/** Checks only cases in which the event is debited. */
function whenDebited(check: (one: Case, debited: ReturnType<typeof debit>, cost: bigint) => void) {
  let count = 0;
  let shared = 0;
  always((one) => {
    const debited = debit(one);
    if (debited.outcome.result !== "debited") return;
    count++;
    if (debited.debits[0]?.priceBasis?.shares !== undefined) shared++;
    check(one, debited, debited.outcome.costMicros);
  });
  // Otherwise the property says little.
  expect(count > repeated(2_000) / 10, `${count} debits`).to.equal(true);
  expect(shared > repeated(2_000) / 100, `${shared} shared prices`).to.equal(true);
}

describe("a price", () => {
  it("is the same for a hold as for usage: amount, payers, rate and refusal", () => {
    always((one) => {
      const { outcome, debits } = debit(one);
      const held = hold(one);
      if ("reason" in held) {
        expect(outcome).to.deep.equal({ result: "refused", refusal: held });
        return;
      }
      if (outcome.result !== "debited") throw new Error("held, but not debited");
      const { rate, parts } = lotOf(held);
      expect(pricePinned(rate, one.quantity)).to.equal(outcome.costMicros);
      expect(
        parts.map(({ heldMicros, ...part }) => ({ ...part, amountMicros: heldMicros })),
      ).to.deep.equal(outcome.charges);
      for (const { priceBasis } of debits) {
        expect(priceBasis).to.deep.equal(priceBasisOf(rate));
      }
      expect(toPinnedRate(JSON.parse(fromPinnedRate(rate)))).to.deep.equal(rate);
    });
  });

  it("is the one that the explanation computes from the log", () => {
    whenDebited(({ rate, quantity }, { debits }, cost) => {
      const basis = debits[0]?.priceBasis ?? null;
      const stored = toPriceBasis(JSON.parse(fromPriceBasis(basis) ?? "null"));
      const explanation = explainPrice(cardsOf([rate]), { ...explained, quantity }, stored);
      expect(explanation?.costMicros).to.equal(cost);
      expect(valueOf(explanation?.formula ?? "")).to.equal(cost);
    });
  });

  it("is the preview and the quote of the account that pays it alone", () => {
    whenDebited((one, { outcome, debits }, cost) => {
      if (outcome.result !== "debited") return;
      const [payer, ...others] = new Set(outcome.charges.map((charge) => charge.account));
      if (payer === undefined) throw new Error("nobody pays");
      if (others.length > 0 || debits[0]?.priceBasis?.shares !== undefined) return;
      expect(previewOf(one, payer)).to.equal(cost);
      const held = hold(one, payer);
      expect("reason" in held ? held.reason : partsOf(held)).to.deep.equal(
        outcome.charges.map(({ amountMicros, ...part }) => ({ ...part, heldMicros: amountMicros })),
      );
    });
  });

  it("by a quote is never paid by another account than the quoted one, and the auditor agrees", () => {
    always((one) => {
      for (const quoted of ACCOUNTS) {
        const held = hold(one, quoted);
        if ("reason" in held) continue;
        const { spender, createdAt, expiresAt } = held;
        const { quantity, parts, rate } = lotOf(held);
        const entry = { ...place, ...work, kind: "hold", id: "hold", spender, quantity } as const;
        const allowances = parts.map(({ allowance }) => allowance);
        const quoteExpiresAt = new Date(NOW.getTime() + 1_000);
        const logged = { ...entry, rate, allowances, createdAt, expiresAt, quoteExpiresAt };
        expect(replayEntry(auditStateOf(one), logged, TERMS)).to.deep.equal([]);
        expect(parts.every((part) => part.account === quoted)).to.equal(true);
        expect(pricePinned(rate, one.quantity)).to.equal(previewOf(one, quoted));
      }
    });
  });

  it("is for each account at most its own, and together at least the cheapest", () => {
    whenDebited((one, { outcome }, cost) => {
      if (outcome.result !== "debited") return;
      const prices = new Map(ACCOUNTS.map((of) => [of, previewOf(one, of)]));
      const paid = new Map<Address, bigint>();
      for (const { account: of, amountMicros } of outcome.charges) {
        paid.set(of, (paid.get(of) ?? 0n) + amountMicros);
      }
      for (const [of, micros] of paid) {
        expect(micros <= (prices.get(of) ?? 0n)).to.equal(true);
      }
      const cheapest = [...prices.values()].reduce((a, b) => (a < b ? a : b));
      expect(cost >= cheapest).to.equal(true);
    });
  });

  it("does not change if an allowance with nothing left is added anywhere", () => {
    whenDebited((one, before) => {
      for (const priority of [0, 1, 3]) {
        const added = allowanceOf({
          id: numberToHex(99, { size: 32 }),
          account: party(9),
          priority,
        });
        const accounts = new Map([...one.state.accounts, [party(9), account(party(9))]]);
        const allowances = [...one.state.allowances, added];
        const after = debit({ ...one, state: { ...one.state, accounts, allowances } });
        const isFree = before.debits.every(({ amountMicros }) => amountMicros === 0n);
        // Work that is free for all is recorded under the first allowance.
        if (isFree) expect(after.outcome).to.include({ result: "debited", costMicros: 0n });
        else expect(after.outcome).to.deep.equal(before.outcome);
      }
    });
  });

  it("rises for nobody if an allowance of another account is added anywhere", () => {
    const anyAdded = fc.record({
      limit: anyLimit,
      credits: anyAmount,
      used: anyQuantity,
      priority: fc.nat(3),
    });
    fc.assert(
      fc.property(anyCase, anyAdded, (one, { limit, credits, used, priority }) => {
        const before = debit(one);
        // What nobody could pay, and was free for an account, may be paid after it.
        if (before.outcome.result !== "debited" || before.outcome.costMicros === 0n) return;
        const added = party(9);
        const { state } = one;
        const allowances = [
          ...state.allowances,
          allowanceOf({ id: numberToHex(99, { size: 32 }), account: added, limit, priority }),
        ];
        const accounts = new Map(state.accounts);
        accounts.set(added, account(added, { purchased: credits }));
        const use = { account: added, month: MONTH, rateKey: RATE_KEY };
        const usedUnits = new Map([...state.prices.usedUnits, [tierUseKey(use), used]]);
        const prices = { ...state.prices, usedUnits };
        const after = debit({ ...one, state: { ...state, accounts, allowances, prices } });
        if (after.outcome.result !== "debited") throw new Error("refused");
        for (const of of ACCOUNTS) {
          expect(paidBy(of, after.debits) <= paidBy(of, before.debits)).to.equal(true);
        }
      }),
      { numRuns: repeated(2_000) },
    );
  });

  it("counts as many units as were used, each for an account that has a share", () => {
    whenDebited(({ quantity, rate }, { tierUnits, debits }) => {
      const isTiered = rate.kind === "graduated" || rate.kind === "volume";
      const counted = tierUnits.reduce((sum, { units }) => sum + units, 0n);
      expect(counted).to.equal(isTiered ? quantity : 0n);
      expect(tierUnits.every(({ units }) => units >= 0n)).to.equal(true);
      const basis = debits[0]?.priceBasis ?? null;
      expect(tierUnitsOfBasis(basis, quantity)).to.deep.equal(tierUnits);
    });
  });

  it("is the same if a hold is captured in parts, and so are the units that count", () => {
    fc.assert(
      fc.property(anyCase, fc.array(fc.nat(5_000), { maxLength: 4 }), (one, cuts) => {
        const { prices, draft } = drafts(one);
        const request = { ...work, id: "hold", spender: key, ttlSeconds: 60 };
        const held = authorize({ ...request, quantity: one.quantity }, prices, draft);
        if ("reason" in held) return;
        const whole = tierUnitsOf(lotOf(held).rate, { usedUnits: 0n, quantity: one.quantity });
        let open: Hold = held;
        const micros = new Map<string, bigint>();
        const units = new Map<string, bigint>();
        const ends = [...cuts.map(BigInt).filter((cut) => cut < one.quantity), one.quantity];
        for (const end of ends.toSorted((a, b) => (a < b ? -1 : 1))) {
          const { rate, capturedQuantity: usedUnits } = lotOf(open);
          const quantity = end - usedUnits;
          const counted = tierUnitsOf(rate, { usedUnits, quantity });
          const basis = priceBasisOf(rate, usedUnits);
          expect(tierUnitsOfBasis(basis, quantity)).to.deep.equal(counted);
          const lines = [{ line: MAIN_LINE, eventId: "event", quantity }];
          const captured = capture(open, { lines, final: end === one.quantity }, draft);
          if ("reason" in captured) throw new Error(captured.reason);
          const explanation = explainPrice(cardsOf([one.rate]), { ...explained, quantity }, basis);
          const [{ costMicros, uses } = { costMicros: null, uses: [] }] = captured.captured;
          expect(explanation?.costMicros).to.equal(costMicros);
          open = captured.hold;
          for (const { allowance, amountMicros } of uses.flatMap(({ charges }) => charges))
            add(micros, allowance, amountMicros);
          for (const each of counted) add(units, each.use.account, each.units);
          if (end === one.quantity) break;
        }
        for (const part of partsOf(held)) {
          expect(micros.get(part.allowance) ?? 0n).to.equal(part.heldMicros);
        }
        for (const each of whole) expect(units.get(each.use.account)).to.equal(each.units);
      }),
      { numRuns: repeated(2_000) },
    );
  });

  it("is the one that the auditor computes from its own state", () => {
    whenDebited((one, { outcome, debits }) => {
      const [first] = debits;
      if (outcome.result !== "debited" || first === undefined) return;
      const { id, spender, meter, quantity, dimensions, occurredAt } = first.event;
      const state = auditStateOf(one);
      const findings = replayEntry(
        state,
        {
          ...place,
          kind: "debit",
          provider,
          id,
          spender,
          meter,
          quantity,
          dimensions,
          occurredAt,
          recordedAt: NOW,
          rateCardVersion: first.rateCardVersion,
          priceBasis: first.priceBasis,
          holdId: null,
          charges: debits.map(({ account: of, allowance, amountMicros, feeMicros }) => ({
            account: of,
            allowance,
            amountMicros,
            feeMicros,
          })),
        },
        TERMS,
      );
      expect(findings).to.deep.equal([]);
      const held = hold(one);
      if ("reason" in held) throw new Error(held.reason);
      const { createdAt, expiresAt } = held;
      const { parts, rate } = lotOf(held);
      const entry = { ...place, ...work, kind: "hold", id: "hold", spender, quantity } as const;
      const allowances = parts.map(({ allowance }) => allowance);
      expect(
        replayEntry(
          auditStateOf(one),
          { ...entry, rate, allowances, createdAt, expiresAt, quoteExpiresAt: null },
          TERMS,
        ),
      ).to.deep.equal([]);
    });
  });
});

function paidBy(of: Address, charges: readonly Charge[]): bigint {
  return charges.reduce((sum, { account: payer, amountMicros }) => {
    return payer === of ? sum + amountMicros : sum;
  }, 0n);
}

function add(sums: Map<string, bigint>, name: string, amount: bigint): void {
  sums.set(name, (sums.get(name) ?? 0n) + amount);
}

/** The value of a formula's left side, computed with exact fractions. */
function valueOf(formula: string): bigint {
  const [left = ""] = formula.split(" = ");
  const tokens = left.match(/ceil|\d+|[()+−×÷]/g) ?? [];
  let at = 0;
  type Fraction = readonly [bigint, bigint];

  function sum(): Fraction {
    let [n, d] = product();
    for (;;) {
      const sign = tokens[at];
      if (sign !== "+" && sign !== "−") return [n, d];
      at++;
      const [n2, d2] = product();
      [n, d] = [sign === "+" ? n * d2 + n2 * d : n * d2 - n2 * d, d * d2];
    }
  }
  function product(): Fraction {
    let [n, d] = factor();
    for (;;) {
      const sign = tokens[at];
      if (sign !== "×" && sign !== "÷") return [n, d];
      at++;
      const [n2, d2] = factor();
      [n, d] = sign === "×" ? [n * n2, d * d2] : [n * d2, d * n2];
    }
  }
  function factor(): Fraction {
    const token = tokens[at++] ?? "";
    if (/\d/.test(token)) return [BigInt(token), 1n];
    if (token === "ceil") {
      const [n, d] = factor();
      return [(n + d - 1n) / d, 1n];
    }
    if (token !== "(") throw new Error(`${token} in ${formula}`);
    const inner = sum();
    at++;
    return inner;
  }

  const [n, d] = sum();
  if (at !== tokens.length || n % d !== 0n) throw new Error(`no value: ${formula}`);
  return n / d;
}
