import { expect } from "chai";
import * as fc from "fast-check";
import { maxUint64, numberToHex, pad } from "viem";

import { NO_SCOPE, scopeHash } from "@compute-credits/protocol/messages/allowance";
import {
  apiKeySpender,
  spenderWallet,
  walletSpender,
} from "@compute-credits/protocol/messages/spender";
import { checkAdmission } from "@compute-credits/rules/allowances/admission";
import { type Allowance, NO_USAGE } from "@compute-credits/rules/allowances/allowance";
import { burnDownOrder } from "@compute-credits/rules/allowances/burnDownOrder";
import { remainingInPeriod, renewUsage } from "@compute-credits/rules/allowances/period";
import { findObstacle } from "@compute-credits/rules/allowances/usability";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { type AllowanceFields, allowanceOf } from "../../fixtures/allowances.ts";
import { party } from "../../fixtures/ledger.ts";
import { propertyRuns } from "../../fixtures/effort.ts";

const anySmall = fc.bigInt({ min: 0n, max: 40n });

describe("renewUsage", () => {
  it("over any time: equals stepping through the periods one by one", () => {
    fc.assert(
      fc.property(
        fc.record({
          limit: anySmall,
          rollover: anySmall,
          period: fc.bigInt({ min: 1n, max: 50n }),
          startsAt: fc.bigInt({ min: 0n, max: 100n }),
        }),
        fc.array(fc.record({ idleSeconds: fc.nat(300), spendPercent: fc.nat(100) }), {
          maxLength: 12,
        }),
        (terms, visits) => {
          const { message } = allowanceOf(terms);
          let seconds = Number(terms.startsAt);
          let usage = NO_USAGE;
          // The model: a budget that renews at every boundary, one by one.
          let [index, carried, spent] = [0n, 0n, 0n];

          for (const { idleSeconds, spendPercent } of visits) {
            seconds += idleSeconds;
            for (; (index + 1n) * terms.period <= BigInt(seconds) - terms.startsAt; index++) {
              const unspent = terms.limit + carried - spent;
              carried = unspent < terms.rollover ? unspent : terms.rollover;
              spent = 0n;
            }
            usage = renewUsage(message, usage, new Date(seconds * 1000));
            expect(usage.periodIndex).to.equal(index);
            expect(usage.carriedMicros).to.equal(carried);
            expect(remainingInPeriod(message, usage)).to.equal(terms.limit + carried - spent);

            const amount = ((terms.limit + carried - spent) * BigInt(spendPercent)) / 100n;
            spent += amount;
            usage = { ...usage, periodSpentMicros: usage.periodSpentMicros + amount };
          }
        },
      ),
      { numRuns: propertyRuns(300) },
    );
  });

  it("never permits more than the limits of all started periods", () => {
    fc.assert(
      fc.property(
        anySmall,
        anySmall,
        fc.array(fc.nat(120), { maxLength: 12 }),
        (limit, rollover, pauses) => {
          const { message } = allowanceOf({ limit, rollover, period: 60n });
          let [seconds, usage, total] = [0, NO_USAGE, 0n];
          for (const pause of pauses) {
            seconds += pause;
            usage = renewUsage(message, usage, new Date(seconds * 1000));
            const all = remainingInPeriod(message, usage);
            usage = { ...usage, periodSpentMicros: usage.periodSpentMicros + all };
            total += all;
          }
          expect(total <= limit * (BigInt(Math.floor(seconds / 60)) + 1n)).to.equal(true);
        },
      ),
    );
  });

  it("when the clock runs backwards: renews nothing", () => {
    const { message } = allowanceOf({ limit: 10n, period: 60n });
    const used = { periodIndex: 5n, carriedMicros: 0n, periodSpentMicros: 10n, spentMicros: 10n };
    const earlier = renewUsage(message, used, new Date(60_000));
    expect(remainingInPeriod(message, earlier)).to.equal(0n);
    expect(remainingInPeriod(message, renewUsage(message, earlier, new Date(301_000)))).to.equal(
      0n,
    );
  });

  it("without a period: gives the limit once", () => {
    const { message } = allowanceOf({ limit: 10n, rollover: 10n, period: 0n });
    const used = { ...NO_USAGE, periodSpentMicros: 10n, spentMicros: 10n };
    expect(renewUsage(message, used, new Date("2999-01-01"))).to.deep.equal(used);
  });

  it("with the largest amounts that can be signed: does not overflow", () => {
    const { message } = allowanceOf({
      limit: maxUint64,
      rollover: maxUint64,
      period: 1n,
      startsAt: 0n,
    });
    const usage = renewUsage(message, NO_USAGE, new Date("2026-01-01"));
    expect(usage.carriedMicros).to.equal(maxUint64);
    expect(remainingInPeriod(message, usage)).to.equal(2n * maxUint64);
  });
});

describe("burnDownOrder", () => {
  const anyAllowance: fc.Arbitrary<Allowance> = fc
    .record({
      priority: fc.nat(2),
      expiresAt: fc.constantFrom(0n, 5n, 6n, maxUint64),
      account: fc.constantFrom(party(1), party(2)),
      createdAt: fc.constantFrom(new Date(1), new Date(2)),
      id: fc.nat(3).map((n) => numberToHex(n, { size: 32 })),
    })
    .map((fields) => allowanceOf({ ...fields, spender: walletSpender(party(1)) }));

  it("is a total order", () => {
    fc.assert(
      fc.property(anyAllowance, anyAllowance, anyAllowance, (a, b, c) => {
        expect(Math.sign(burnDownOrder(a, b))).to.equal(-Math.sign(burnDownOrder(b, a)) + 0);
        if (burnDownOrder(a, b) <= 0 && burnDownOrder(b, c) <= 0) {
          expect(burnDownOrder(a, c) <= 0).to.equal(true);
        }
        if (burnDownOrder(a, b) === 0) expect(a.id).to.equal(b.id);
      }),
      { numRuns: propertyRuns(1_000) },
    );
  });

  // Each pair differs in one rule, and all later rules would give the opposite order.
  const steps: readonly [rule: string, first: AllowanceFields, second: AllowanceFields][] = [
    ["the lower priority", { priority: 1, expiresAt: 0n }, { priority: 2, expiresAt: 5n }],
    [
      "the one that expires first",
      { expiresAt: 5n, account: party(1) },
      { expiresAt: 6n, account: party(2) },
    ],
    [
      "one that expires before one that never does",
      { expiresAt: maxUint64, account: party(1) },
      { expiresAt: 0n, account: party(2) },
    ],
    [
      "someone else's credits before one's own",
      { account: party(2), createdAt: new Date(2) },
      { account: party(1), createdAt: new Date(1) },
    ],
    [
      "the older",
      { createdAt: new Date(1), id: pad("0x02") },
      { createdAt: new Date(2), id: pad("0x01") },
    ],
    ["the smaller id", { id: pad("0x01") }, { id: pad("0x02") }],
  ];
  for (const [rule, first, second] of steps) {
    it(`puts first ${rule}`, () => {
      const spender = walletSpender(party(1));
      const [a, b] = [allowanceOf({ ...first, spender }), allowanceOf({ ...second, spender })];
      expect([b, a].toSorted(burnDownOrder)).to.deep.equal([a, b]);
    });
  }

  it("with an API key as the spender: treats no account as the spender's own", () => {
    const spender = apiKeySpender("key");
    const [a, b] = [
      allowanceOf({ spender, account: party(1), createdAt: new Date(1) }),
      allowanceOf({ spender, account: party(2), createdAt: new Date(2) }),
    ];
    expect([b, a].toSorted(burnDownOrder)).to.deep.equal([a, b]);
  });
});

describe("findObstacle", () => {
  const provider = party(9);
  const charge = {
    provider,
    meter: "units",
    hasAccess: true,
    now: new Date(1_000_999),
    counter: 3n,
  };
  const good: AllowanceFields = { counter: 3n, startsAt: 1_000n, expiresAt: 1_001n };

  it("from the first second to the last one before expiry: is null", () => {
    expect(findObstacle(allowanceOf(good), charge, charge)).to.equal(null);
  });

  const cases: readonly [string, AllowanceFields, Partial<typeof charge>][] = [
    ["allowance_expired", {}, { now: new Date(1_001_000) }],
    ["allowance_not_started", {}, { now: new Date(999_999) }],
    ["allowance_revoked", { revokedAt: new Date(0) }, {}],
    ["allowance_revoked", {}, { counter: 4n }],
    ["allowance_revoked", { counter: 4n }, {}],
    ["allowance_out_of_scope", { scope: { providers: [party(8)], meters: [] } }, {}],
    ["allowance_out_of_scope", { scope: { providers: [], meters: ["requests"] } }, {}],
    [
      "allowance_out_of_scope",
      { scope: { providers: [provider], meters: ["requests"] } },
      { hasAccess: false },
    ],
    ["access_not_granted", {}, { hasAccess: false }],
    ["access_not_granted", { scope: { providers: [], meters: ["units"] } }, { hasAccess: false }],
  ];
  for (const [reason, fields, circumstances] of cases) {
    it(`with ${describeCase(fields, circumstances)}: is ${reason}`, () => {
      expect(
        findObstacle(allowanceOf({ ...good, ...fields }), charge, { ...charge, ...circumstances }),
      ).to.equal(reason);
    });
  }

  it("with a provider in the allowance's scope and no other access: is null", () => {
    const named = allowanceOf({ ...good, scope: { providers: [party(8), provider], meters: [] } });
    expect(findObstacle(named, charge, { ...charge, hasAccess: false })).to.equal(null);
  });
});

describe("checkAdmission", () => {
  const now = new Date(1_000_000);
  const scope = { providers: [party(2), party(1)], meters: ["b", "a"] };

  it("with a scope in any order: accepts it", () => {
    const { message } = allowanceOf({ scope });
    const listed = { providers: [party(1), party(2)], meters: ["a", "b"] };
    expect(checkAdmission(message, listed, { now, currentCounter: 0n })).to.equal(null);
  });

  it("with a wider or narrower scope than signed: rejects it", () => {
    const { message } = allowanceOf({ scope });
    for (const other of [
      { providers: [], meters: [] },
      { providers: [party(1)], meters: ["a", "b"] },
      { providers: scope.providers, meters: ["a", "b", "c"] },
      { providers: scope.providers, meters: [] },
    ]) {
      expect(checkAdmission(message, other, { now, currentCounter: 0n })).to.deep.equal({
        reason: "scope_mismatch",
      });
    }
  });

  it("at the second of expiry: rejects it", () => {
    const { message, scope: none } = allowanceOf({ expiresAt: 1_000n });
    expect(checkAdmission(message, none, { now, currentCounter: 0n })).to.deep.equal({
      reason: "allowance_expired",
    });
  });

  it("with times in milliseconds: rejects it, and names the field", () => {
    for (const field of ["startsAt", "expiresAt"] as const) {
      const { message, scope: none } = allowanceOf({ [field]: 1_800_000_000_000n });
      expect(checkAdmission(message, none, { now, currentCounter: 0n })).to.deep.equal({
        reason: "times_out_of_range",
        field,
      });
    }
  });

  it("with the last second of the year 9999: accepts it", () => {
    const { message, scope: none } = allowanceOf({ expiresAt: 253_402_300_799n });
    expect(checkAdmission(message, none, { now, currentCounter: 0n })).to.equal(null);
  });

  it("with an expiry at its start or before: rejects it", () => {
    for (const expiresAt of [1_999n, 2_000n]) {
      const { message, scope: none } = allowanceOf({ startsAt: 2_000n, expiresAt });
      expect(checkAdmission(message, none, { now, currentCounter: 0n })).to.deep.equal({
        reason: "expires_before_start",
      });
    }
  });

  for (const [counter, reason] of [
    [1n, "stale_counter"],
    [3n, "counter_not_reached"],
  ] as const) {
    it(`with counter ${counter} while the account's is 2: is ${reason}`, () => {
      const { message, scope: none } = allowanceOf({ counter });
      expect(checkAdmission(message, none, { now, currentCounter: 2n })).to.deep.equal({
        reason,
        currentCounter: 2n,
      });
    });
  }
});

describe("scopeHash", () => {
  it("is zero only for an unlimited scope", () => {
    expect(scopeHash({ providers: [], meters: [] })).to.equal(NO_SCOPE);
    expect(scopeHash({ providers: [], meters: ["units"] })).not.to.equal(NO_SCOPE);
  });
});

describe("spenderWallet", () => {
  it("is the wallet of a wallet's spender id, and null for a key's", () => {
    expect(spenderWallet(walletSpender(party(5)))).to.equal(party(5));
    expect(spenderWallet(apiKeySpender("key"))).to.equal(null);
  });
});

function describeCase(...parts: readonly object[]): string {
  return jsonText(Object.assign({}, ...parts));
}
