import { expect } from "chai";
import * as fc from "fast-check";
import { maxUint64, zeroHash } from "viem";

import { scopeHash } from "@compute-credits/protocol/messages/allowance";
import { walletSpender } from "@compute-credits/protocol/messages/spender";
import { RULE_KINDS } from "@compute-credits/protocol/json/ruleKinds";
import { NO_USAGE } from "@compute-credits/rules/allowances/allowance";
import {
  type CampaignRule,
  type Claim,
  type ClaimFacts,
  claimGrant,
  ruleError,
  unmetRule,
} from "@compute-credits/rules/grants/campaignRule";
import { propertyRuns } from "../../fixtures/effort.ts";
import { party } from "../../fixtures/ledger.ts";

const sponsor = party(1);
const newcomer = party(2);
const friend = party(3);
const setAt = new Date("2026-03-01T12:00:00Z");
const now = new Date("2026-03-05T12:00:00Z");
const nobodysScope = { providers: [], meters: [] };

const campaign = {
  id: zeroHash,
  message: {
    account: sponsor,
    spender: walletSpender(sponsor),
    limit: 1_000n,
    period: 0n,
    rollover: 0n,
    startsAt: 0n,
    expiresAt: 0n,
    priority: 128,
    scope: scopeHash(nobodysScope),
    accountCap: maxUint64,
    counter: 0n,
    salt: 0n,
  },
  scope: nobodysScope,
  signature: "0x00",
  byContract: false,
  campaign: null,
  createdAt: setAt,
  revokedAt: null,
  usage: NO_USAGE,
} as const;

function ruleOf(fields: Partial<CampaignRule> = {}): CampaignRule {
  return {
    kind: "first_purchase",
    atLeastMicros: 100n,
    limit: 50n,
    period: 0n,
    rollover: 0n,
    priority: null,
    scope: null,
    maxGrants: 10n,
    claimBy: 0n,
    validSeconds: 0n,
    setAt,
    sinceBlock: 7n,
    closedAt: null,
    grants: 0n,
    ...fields,
  };
}

/** What meets every rule of 100 micro-credits. */
const MET: ClaimFacts = {
  firstPurchase: { block: 8n, amountMicros: 100n },
  firstUse: { at: new Date("2026-03-02T10:00:00Z"), dayMicros: 100n },
  firstPaidAt: new Date("2026-03-02T10:00:00Z"),
  finalSpentMicros: 100n,
  finalEarnedMicros: 100n,
};

const claimOf = (facts: Partial<ClaimFacts> = {}, fields: Partial<Claim> = {}): Claim => ({
  account: newcomer,
  spender: walletSpender(newcomer),
  facts: { ...MET, ...facts },
  referrer: null,
  now,
  ...fields,
});

const known = { account: friend, finalSpentMicros: 100n };
const notMet = (missingMicros: bigint) => ({ reason: "rule_not_met", missingMicros });
const never = { reason: "rule_never_met" };

const purchaseUnmet = (facts: Partial<ClaimFacts>) => unmetRule(ruleOf(), claimOf(facts));

const dayUnmet = (facts: Partial<ClaimFacts>, fields: Partial<Claim> = {}) =>
  unmetRule(ruleOf({ kind: "first_day" }), claimOf(facts, fields));

const referralUnmet = (referrer: Claim["referrer"], facts: Partial<ClaimFacts> = {}) =>
  unmetRule(ruleOf({ kind: "referral" }), claimOf(facts, { referrer }));

const jobUnmet = (facts: Partial<ClaimFacts>) =>
  unmetRule(ruleOf({ kind: "first_paid_job" }), claimOf(facts));

const claimed = (fields: Partial<CampaignRule>) => claimGrant(ruleOf(fields), campaign, claimOf());

describe("a campaign's rule", () => {
  describe("first_purchase", () => {
    it("is met once as much as was asked is bought, and spent in a final checkpoint", () => {
      expect(purchaseUnmet({})).to.equal(null);
      expect(purchaseUnmet({ finalSpentMicros: 99n })).to.deep.equal(notMet(1n));
    });
    it("before any purchase: is not met yet", () => {
      expect(purchaseUnmet({ firstPurchase: null })).to.deep.equal(notMet(100n));
    });
    it("after a smaller first purchase, or one before the rule: can never be met", () => {
      expect(purchaseUnmet({ firstPurchase: { block: 8n, amountMicros: 99n } })).to.deep.equal(
        never,
      );
      expect(purchaseUnmet({ firstPurchase: { block: 7n, amountMicros: 100n } })).to.deep.equal(
        never,
      );
    });
  });

  describe("first_day", () => {
    const short = { at: new Date("2026-03-02T10:00:00Z"), dayMicros: 60n };

    it("is met once the first day's spending is as much, and final", () => {
      expect(dayUnmet({})).to.equal(null);
      expect(dayUnmet({ finalSpentMicros: 40n })).to.deep.equal(notMet(60n));
      expect(dayUnmet({ firstUse: null })).to.deep.equal(notMet(100n));
    });
    it("with less spent: is not met yet on that day, and never after it", () => {
      const sameDay = { now: new Date("2026-03-02T23:59:59Z") };
      expect(dayUnmet({ firstUse: short }, sameDay)).to.deep.equal(notMet(40n));
      const nextDay = { now: new Date("2026-03-03T00:00:00Z") };
      expect(dayUnmet({ firstUse: short }, nextDay)).to.deep.equal(never);
    });
    it("of an account that was used before the rule: can never be met", () => {
      const early = { at: new Date(setAt.getTime() - 1), dayMicros: 100n };
      expect(dayUnmet({ firstUse: early })).to.deep.equal(never);
    });
  });

  describe("referral", () => {
    it("is met once both accounts have spent as much", () => {
      expect(referralUnmet(known)).to.equal(null);
      expect(referralUnmet(known, { finalSpentMicros: 1n })).to.deep.equal(notMet(99n));
      expect(referralUnmet({ ...known, finalSpentMicros: 98n })).to.deep.equal(notMet(2n));
      expect(referralUnmet(known, { firstPurchase: null })).to.deep.equal(notMet(100n));
    });
    it("of a customer from before the rule: can never be met", () => {
      const old = { firstPurchase: { block: 1n, amountMicros: 100n } };
      expect(referralUnmet(known, old)).to.deep.equal(never);
    });
    it("without another account, or with one under another rule: names the referrer wrong", () => {
      const wrong = { reason: "wrong_referrer" };
      expect(referralUnmet(null)).to.deep.equal(wrong);
      expect(referralUnmet({ ...known, account: newcomer })).to.deep.equal(wrong);
      expect(unmetRule(ruleOf(), claimOf({}, { referrer: known }))).to.deep.equal(wrong);
    });
  });

  describe("first_paid_job", () => {
    it("is met once as much is earned in a final checkpoint", () => {
      expect(jobUnmet({})).to.equal(null);
      expect(jobUnmet({ finalEarnedMicros: 70n })).to.deep.equal(notMet(30n));
      expect(jobUnmet({ firstPaidAt: null })).to.deep.equal(notMet(100n));
    });
    it("of a provider that earned before the rule: can never be met", () => {
      expect(jobUnmet({ firstPaidAt: new Date(setAt.getTime() - 1) })).to.deep.equal(never);
    });
  });

  describe("a claim", () => {
    it("gives a grant of the rule's terms, from the claim on", () => {
      const grant = claimed({ validSeconds: 60n });
      if ("reason" in grant) throw new Error(grant.reason);
      const seconds = BigInt(now.getTime() / 1000);
      expect(grant.key).to.equal(`rule ${newcomer}`);
      expect(grant.message).to.include({
        account: sponsor,
        spender: walletSpender(newcomer),
        limit: 50n,
        startsAt: seconds,
        expiresAt: seconds + 60n,
      });
    });
    it("is refused once the rule is closed, over or used up", () => {
      expect(claimed({ closedAt: now })).to.deep.equal({ reason: "rule_closed" });
      const claimBy = BigInt(now.getTime() / 1000);
      expect(claimed({ claimBy })).to.deep.equal({ reason: "rule_expired" });
      expect(claimed({ claimBy: claimBy + 1n })).to.have.property("id");
      expect(claimed({ grants: 10n })).to.deep.equal({ reason: "rule_used_up" });
    });
  });

  describe("setting one", () => {
    it("is refused if no account could ever meet it, or spend what it gives", () => {
      const seconds = BigInt(now.getTime() / 1000);
      expect(ruleError(ruleOf({ claimBy: seconds }), campaign, now)).to.deep.equal(never);
      expect(ruleError(ruleOf({ limit: 0n }), campaign, now)).to.deep.equal(never);
      const empty = { ...campaign, message: { ...campaign.message, limit: 0n } };
      expect(ruleError(ruleOf(), empty, now)).to.deep.equal(never);
      expect(ruleError(ruleOf({ claimBy: seconds + 1n }), campaign, now)).to.equal(null);
    });
    it("is refused if its grants would exceed the campaign", () => {
      const meters = { ...campaign, scope: { providers: [], meters: ["tokens"] } };
      expect(
        ruleError(ruleOf({ scope: { providers: [], meters: ["gpu"] } }), meters, now),
      ).to.deep.equal({ reason: "beyond_campaign", field: "scope" });
    });
  });

  it("gives nothing for less than it asks, whatever else an account did", () => {
    const micros = fc.bigInt({ min: 0n, max: 200n });
    const time = fc.date({ min: new Date("2026-02-27"), max: now, noInvalidDate: true });
    const facts = fc.record({
      firstPurchase: fc.option(fc.record({ block: fc.bigInt(0n, 12n), amountMicros: micros })),
      firstUse: fc.option(fc.record({ at: time, dayMicros: micros })),
      firstPaidAt: fc.option(time),
      finalSpentMicros: micros,
      finalEarnedMicros: micros,
    });
    fc.assert(
      fc.property(fc.constantFrom(...RULE_KINDS), facts, micros, (kind, found, referred) => {
        const referrer =
          kind === "referral" ? { account: friend, finalSpentMicros: referred } : null;
        const claim = claimOf(found, { referrer });
        const granted = "id" in claimGrant(ruleOf({ kind }), campaign, claim);
        const paid = kind === "first_paid_job" ? found.finalEarnedMicros : found.finalSpentMicros;
        const isReferred = kind !== "referral" || referred >= 100n;
        if (granted && (paid < 100n || !isReferred)) throw new Error("granted for too little");
      }),
      { numRuns: propertyRuns(200) },
    );
  });
});
