import { expect } from "chai";
import type { Address, Hex } from "viem";

import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";
import type { RuleTerms } from "@compute-credits/rules/grants/campaignRule";
import type { RuleClaim } from "../../../../server/stores/issuing/campaignRuleStore.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, openLedger, party, usageEvent } from "../../../fixtures/ledger.ts";

const provider = party(1_000);
const newProvider = party(1_001);
const sponsor = party(1);
const oldCustomer = party(2);

let parties = 100;
const newcomer = () => party(parties++);

const TERMS: RuleTerms = {
  kind: "first_purchase",
  atLeastMicros: 1_000n,
  limit: 500n,
  period: 0n,
  rollover: 0n,
  priority: null,
  scope: null,
  maxGrants: 100n,
  claimBy: 0n,
  validSeconds: 0n,
};

for (const { name, open } of databaseKinds) {
  describe(`campaigns' rules on ${name}`, () => {
    let ledger: Ledger;

    before(async () => {
      ledger = await openLedger(await open());
      await ledger.purchase(sponsor, "1000");
      await bought(oldCustomer);
    });
    after(() => ledger.database.close());

    const bought = (account: Address, credits = "0.001") => ledger.purchase(account, credits);

    /** A campaign of the sponsor with a rule, from now on. */
    async function campaignWith(terms: Partial<RuleTerms> = {}, limit = 1_000_000n): Promise<Hex> {
      const { id } = await ledger.allow(sponsor, { limit });
      const outcome = await ledger.campaignRules.set(
        id,
        { ...TERMS, ...terms },
        walletSpender(sponsor),
      );
      if (outcome.result !== "set") throw new Error(outcome.refusal.reason);
      return id;
    }

    /** Spends of an account's own credits at a provider, with a new key of the account. */
    async function spend(account: Address, quantity: bigint, at = provider) {
      const { message } = await ledger.allow(account);
      await ledger.grantAccess(message.spender, at);
      const event = usageEvent({ provider: at, spender: message.spender, quantity });
      const [outcome] = await ledger.usage.record([event]);
      if (outcome?.result !== "debited") throw new Error("not debited");
      return { event, key: message.spender };
    }

    async function cut() {
      const made = await ledger.checkpoints.cut(1_000n);
      if (made === null) throw new Error("nothing was cut");
      const { epoch, root } = made.message;
      return { epoch, root };
    }

    async function checkpoint(): Promise<void> {
      const finalAt = new Date(0);
      await ledger.chainEvents({ type: "checkpoint_submitted", ...(await cut()), finalAt });
    }

    const claim = (campaign: Hex, account: Address, fields: Partial<RuleClaim> = {}) =>
      ledger.campaignRules.claim({
        campaign,
        account,
        spender: walletSpender(account),
        referrer: null,
        proof: { how: "key" },
        ...fields,
      });

    const reasonOf = async (claimed: ReturnType<typeof claim>) => {
      const outcome = await claimed;
      return outcome.result === "refused" ? outcome.refusal.reason : outcome.result;
    };

    const grantsOf = async (campaign: Hex) => {
      const page = await ledger.grants.ofCampaign(campaign, { after: null, limit: 1_000 });
      return page.map(({ key }) => key);
    };

    it("first_purchase: grants what was bought, spent and is final, and nothing before", async () => {
      const [campaign, account] = [await campaignWith(), newcomer()];
      expect(await reasonOf(claim(campaign, account))).to.equal("rule_not_met");
      await bought(account);
      expect(await reasonOf(claim(campaign, account))).to.equal("rule_not_met");
      const { event } = await spend(account, 1_000n);
      expect(await reasonOf(claim(campaign, account)), "it can be voided").to.equal("rule_not_met");
      expect((await ledger.usage.void(event)).result).to.equal("voided");
      await spend(account, 1_000n);
      const pending = await cut();
      await ledger.chainEvents({
        type: "checkpoint_submitted",
        ...pending,
        finalAt: new Date(Date.now() + 3_600_000),
      });
      expect(await reasonOf(claim(campaign, account)), "it can be dropped").to.equal(
        "rule_not_met",
      );
      await ledger.chainEvents({ type: "checkpoint_dropped", ...pending });
      await checkpoint();
      const granted = await claim(campaign, account);
      expect(granted).to.containSubset({ result: "granted", repeated: false });
      expect(await claim(campaign, account)).to.containSubset({ repeated: true });
      expect(await grantsOf(campaign)).to.deep.equal([`rule ${account}`]);
      expect((await ledger.campaignRules.find(campaign))?.grants).to.equal(1n);

      await ledger.grantAccess(walletSpender(account), provider);
      const event2 = usageEvent({ provider, spender: walletSpender(account), quantity: 500n });
      expect(await ledger.usage.record([event2])).to.containSubset([{ result: "debited" }]);
      expect((await ledger.accounts.balance(account)).spent, "its own credits").to.equal(1_000n);
    });

    it("says that accounts from before the rule, or with a small first purchase, never meet it", async () => {
      const [campaign, account] = [await campaignWith(), newcomer()];
      await bought(account, "0.000999");
      await bought(account, "100");
      expect(await reasonOf(claim(campaign, account))).to.equal("rule_never_met");
      expect(await reasonOf(claim(campaign, oldCustomer))).to.equal("rule_never_met");
    });

    it("first_day, referral and first_paid_job: grant what was done after the rule", async () => {
      const day = await campaignWith({ kind: "first_day" });
      const referral = await campaignWith({ kind: "referral" });
      const job = await campaignWith({ kind: "first_paid_job", atLeastMicros: 900n });
      const [account, friend] = [newcomer(), newcomer()];
      await bought(account);
      await bought(friend);
      await spend(account, 600n, newProvider);
      await spend(account, 400n, newProvider);
      await checkpoint();
      expect(await reasonOf(claim(day, account))).to.equal("granted");
      expect(await reasonOf(claim(job, newProvider))).to.equal("granted");
      expect(await reasonOf(claim(job, provider)), "earned before").to.equal("rule_never_met");
      expect(await reasonOf(claim(job, account)), "no provider").to.equal("rule_not_met");
      const referred = { referrer: friend };
      expect(await reasonOf(claim(referral, account))).to.equal("wrong_referrer");
      expect(await reasonOf(claim(referral, account, { referrer: account }))).to.equal(
        "wrong_referrer",
      );
      expect(await reasonOf(claim(referral, account, referred))).to.equal("rule_not_met");
      await spend(friend, 1_000n);
      await checkpoint();
      expect(await reasonOf(claim(referral, account, referred))).to.equal("granted");
    });

    it("grants to a key of the account, and to no stranger's key, nor to two", async () => {
      const [campaign, account] = [await campaignWith(), newcomer()];
      await bought(account);
      const { key } = await spend(account, 1_000n);
      await checkpoint();
      const stranger = { spender: apiKeySpender("a stranger's key") };
      expect(await reasonOf(claim(campaign, account, stranger))).to.equal(
        "not_the_accounts_spender",
      );
      expect(await reasonOf(claim(campaign, account, { spender: key }))).to.equal("granted");
      expect(await reasonOf(claim(campaign, account))).to.equal("grant_already_claimed");
      const sponsored = await ledger.allow(sponsor, { spender: key });
      expect(sponsored.accepted).to.equal(true);
      expect(
        await reasonOf(claim(campaign, sponsor, { spender: walletSpender(account) })),
        "another account",
      ).to.equal("not_the_accounts_spender");
    });

    it("grants once per account, and to no more than it may, to claims at the same time", async () => {
      const campaign = await campaignWith({ maxGrants: 3n, atLeastMicros: 10n });
      const accounts = Array.from({ length: 5 }, newcomer);
      for (const account of accounts) {
        // oxlint-disable-next-line no-await-in-loop -- blocks come one after the other
        await bought(account);
        // oxlint-disable-next-line no-await-in-loop
        await spend(account, 10n);
      }
      await checkpoint();
      const claims = accounts.flatMap((account) => [account, account, account]);
      const outcomes = await Promise.all(claims.map((account) => claim(campaign, account)));
      const granted = outcomes.filter(({ result }) => result === "granted");
      const firsts = granted.filter((outcome) => "repeated" in outcome && !outcome.repeated);
      const ids = new Set(granted.map((outcome) => "grant" in outcome && outcome.grant.id));
      expect([firsts.length, ids.size]).to.deep.equal([3, 3]);
      for (const outcome of outcomes) {
        if (outcome.result === "refused") expect(outcome.refusal.reason).to.equal("rule_used_up");
      }
      expect((await grantsOf(campaign)).length).to.equal(3);
      expect((await ledger.campaignRules.find(campaign))?.grants).to.equal(3n);
    });

    it("never spends more than the campaign's limit, however many were granted to", async () => {
      const campaign = await campaignWith({ atLeastMicros: 10n, limit: 80n }, 100n);
      const accounts = [newcomer(), newcomer()];
      for (const account of accounts) {
        // oxlint-disable-next-line no-await-in-loop -- blocks come one after the other
        await bought(account);
        // oxlint-disable-next-line no-await-in-loop
        await spend(account, 10n);
      }
      await checkpoint();
      const used: string[] = [];
      for (const account of accounts) {
        const spender = walletSpender(account);
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect(await reasonOf(claim(campaign, account))).to.equal("granted");
        // oxlint-disable-next-line no-await-in-loop
        await ledger.grantAccess(spender, provider);
        // oxlint-disable-next-line no-await-in-loop
        const [outcome] = await ledger.usage.record([
          usageEvent({ provider, spender, quantity: 80n }),
        ]);
        used.push(outcome?.result === "refused" ? outcome.refusal.reason : "debited");
      }
      expect(used).to.deep.equal(["debited", "campaign_exhausted"]);
    });

    it("is set once for a campaign, closed for good, and ends with its issuing key's grants", async () => {
      const campaign = await campaignWith();
      const owner = walletSpender(sponsor);
      const again = await ledger.campaignRules.set(campaign, TERMS, owner);
      expect(again).to.containSubset({ result: "set", repeated: true });
      const other = await ledger.campaignRules.set(campaign, { ...TERMS, limit: 1n }, owner);
      expect(other).to.containSubset({ refusal: { reason: "rule_conflict" } });
      const stranger = await ledger.campaignRules.set(campaign, TERMS, walletSpender(newcomer()));
      expect(stranger).to.containSubset({ refusal: { reason: "not_the_issuer" } });
      expect((await ledger.campaignRules.close(campaign))?.closedAt).to.be.a("date");
      expect(await reasonOf(claim(campaign, newcomer()))).to.equal("rule_closed");

      const keyHash = apiKeySpender("an issuing key");
      const key = {
        account: sponsor,
        keyHash,
        campaign: `0x${"00".repeat(32)}`,
        counter: 0n,
      } as const;
      await ledger.issuingKeys.add(key, "0x00");
      const { id } = await ledger.allow(sponsor);
      expect(await ledger.campaignRules.set(id, TERMS, keyHash)).to.containSubset({
        result: "set",
      });
      await ledger.issuingKeys.revoke({
        account: sponsor,
        keyHash,
        revokesGrants: true,
        signature: "0x00",
      });
      expect(await reasonOf(claim(id, newcomer()))).to.equal("rule_closed");
    });

    it("without a rule, or once the campaign is revoked: grants nothing", async () => {
      const { id } = await ledger.allow(sponsor);
      expect(await reasonOf(claim(id, newcomer()))).to.equal("rule_not_found");
      const campaign = await campaignWith();
      await ledger.allowances.revoke(campaign, "0x00");
      expect(await reasonOf(claim(campaign, newcomer()))).to.equal("campaign_revoked");
    });
  });
}
