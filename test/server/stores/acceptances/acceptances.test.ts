import { expect } from "chai";
import type { Hex } from "viem";

import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";
import type { AcceptanceProof } from "@compute-credits/rules/acceptances/acceptance";
import { eventually } from "../../../../scripts/local/eventually.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import {
  ALLOWANCE_RULES,
  type Ledger,
  added,
  emptyDatabase,
  hashOf,
  openLedger,
  party,
  usageEvent,
} from "../../../fixtures/ledger.ts";

const [payer, sponsor, stranger, provider] = [party(1), party(2), party(3), party(9)];
const KEY: AcceptanceProof = { how: "key" };

for (const { name, open } of databaseKinds) {
  describe(`acceptances on ${name}`, () => {
    let ledger: Ledger;
    /** another server on the same database, with caches of its own */
    let other: Ledger;
    let close: () => Promise<void>;
    let keys = 0;

    before(async () => {
      const database = await open();
      close = () => database.close();
      ledger = await openLedger(database);
    });
    beforeEach(async () => {
      await emptyDatabase(ledger.database);
      const rules = { ...ALLOWANCE_RULES, ...BOUNDS, isIssuer: () => false };
      ledger = await openLedger(ledger.database, undefined, rules);
      other = await openLedger(ledger.database, undefined, rules);
      for (const account of [payer, sponsor]) {
        // oxlint-disable-next-line no-await-in-loop -- blocks come one after the other
        await ledger.purchase(account, "1");
      }
    });
    after(() => close());

    const BOUNDS = {
      maxAccountsPerSpender: 3,
      maxAllowancesPerPair: 4,
      maxOffersPerAccount: 5,
      maxAllowancesPerAccount: 8,
    };

    /** A spender that the provider may bill. */
    async function newSpender(): Promise<Hex> {
      const spender = apiKeySpender(`key of acceptances ${keys++}`);
      await ledger.grantAccess(spender, provider);
      return spender;
    }

    const offer = (spender: Hex, account = sponsor, fields = {}) =>
      ledger.allow(account, { spender, proof: null, ...fields });

    async function say(
      accepted: boolean,
      pair: { spender: Hex; account?: typeof payer; proof?: AcceptanceProof },
      on = ledger,
    ) {
      const change = { account: sponsor, proof: KEY, ...pair, accepted };
      const outcome = await on.acceptances.change(change);
      return outcome.result === "refused" ? outcome.refusal.reason : outcome.result;
    }
    const accept = (spender: Hex, on = ledger) => say(true, { spender }, on);
    const end = (spender: Hex, on = ledger) => say(false, { spender }, on);

    async function use(spender: Hex, on = ledger, quantity = 1n) {
      const [outcome] = await on.usage.record([usageEvent({ provider, spender, quantity })]);
      return outcome?.result === "debited"
        ? outcome.charges.map(({ account }) => account)
        : outcome?.refusal.reason;
    }

    async function hold(spender: Hex, id: string) {
      const work = { meter: "units", dimensions: {}, quantity: 2n, ttlSeconds: 60 };
      const outcome = await ledger.holds.authorize({ provider, id, spender, ...work });
      return outcome.result === "held" ? outcome.result : outcome.refusal.reason;
    }

    it("let nothing count before: no debit, hold, lock, access, budget or runway", async () => {
      const spender = await newSpender();
      await ledger.allow(payer, { spender });
      const named = await offer(spender, sponsor, {
        priority: 0,
        scopeLists: { providers: [stranger], meters: [] },
      });
      await offer(spender, sponsor, { priority: 0 });

      expect(await use(spender)).to.deep.equal([payer]);
      expect(await use(spender, other)).to.deep.equal([payer]);
      // The scope of what does not count gives no provider access.
      const byStranger = usageEvent({ provider: stranger, spender });
      expect((await ledger.usage.record([byStranger]))[0]).to.deep.include({
        result: "refused",
        refusal: { reason: "access_not_granted" },
      });
      await ledger.database.transaction(async (tx) => {
        // While the sponsor's account is locked, debits and holds of the spender go on.
        await tx.query("select 1 from accounts where address = $1 for update", [
          `\\x${sponsor.slice(2)}`,
        ]);
        if (name === "PostgreSQL") expect(await use(spender)).to.deep.equal([payer]);
        if (name === "PostgreSQL") expect(await hold(spender, "beside")).to.equal("held");
      });
      const { budgets } = await ledger.insight.budgets(
        { role: "account", address: sponsor },
        { after: null, limit: 10 },
      );
      expect(budgets.map(({ accepted }) => accepted)).to.deep.equal([false, false]);
      const outlook = await ledger.insight.outlook(sponsor, [60n]);
      expect(outlook.allowances).to.deep.equal([]);
      expect(await ledger.allowances.find(named.id)).to.include({ accepted: false });
    });

    it("count from the answer on, on every server, and say why before", async () => {
      const spender = await newSpender();
      expect(await use(spender)).to.equal("allowance_not_found");
      await offer(spender);
      expect(await use(spender)).to.equal("account_not_accepted");
      expect(await hold(spender, "early")).to.equal("account_not_accepted");
      expect(await use(spender, other)).to.equal("account_not_accepted");
      expect(await accept(spender)).to.equal("changed");
      expect(await use(spender, other)).to.deep.equal([sponsor]);
      expect(await use(spender)).to.deep.equal([sponsor]);
      // Later ones of the account count at once.
      await offer(spender, sponsor, { priority: 0, limit: 1n });
      expect(await use(spender, other, 2n)).to.deep.equal([sponsor, sponsor]);
    });

    it("end: from the answer on nothing new is paid, and holds from before are", async () => {
      const spender = await newSpender();
      await offer(spender);
      await accept(spender);
      expect(await use(spender, other)).to.deep.equal([sponsor]);
      expect(await hold(spender, "before")).to.equal("held");
      expect(await end(spender)).to.equal("changed");
      expect(await use(spender, other)).to.equal("account_not_accepted");
      expect(await use(spender)).to.equal("account_not_accepted");
      expect(await hold(spender, "after")).to.equal("account_not_accepted");
      const key = { provider, id: "before" };
      expect(
        await ledger.holds.capture({ ...key, eventId: "capture", quantity: 2n, final: true }),
      ).to.have.property("result", "captured");
      const late = await offer(spender);
      expect(late.accepted).to.equal(false);
      expect(await accept(spender, other)).to.equal("changed");
      expect(await use(spender)).to.deep.equal([sponsor]);
    });

    it("end under load: no debit that was asked for after the answer is paid", async () => {
      const spender = await newSpender();
      await offer(spender);
      await accept(spender);
      const ending = Promise.withResolvers<void>();
      let [ended, debited] = [false, 0];
      const writers = [ledger, other, ledger, other].map(async (server) => {
        for (let refusals = 0; refusals < 3;) {
          const askedAfter = ended;
          // oxlint-disable-next-line no-await-in-loop -- a writer sends one after the other
          const outcome = await use(spender, server);
          if (typeof outcome === "string") refusals++;
          else {
            expect(askedAfter, "debited after the end was answered").to.equal(false);
            if (++debited === 20) ending.resolve();
          }
        }
      });
      await ending.promise;
      expect(await end(spender)).to.equal("changed");
      ended = true;
      await Promise.all(writers);
    });

    it("end while a debit waits for the account: the debit is not paid", async function () {
      if (name === "PGlite") this.skip();
      const spender = await newSpender();
      await offer(spender);
      await accept(spender);
      await use(spender);
      let waiting: Promise<unknown> | undefined;
      let ending: Promise<unknown> | undefined;
      await ledger.database.transaction(async (tx) => {
        await tx.query("select 1 from accounts where address = $1 for update", [
          `\\x${sponsor.slice(2)}`,
        ]);
        ending = end(spender, other);
        await waiters(1);
        waiting = use(spender);
        await waiters(2);
      });
      await ending;
      expect(await waiting).to.equal("account_not_accepted");
    });

    const waiters = (count: number) =>
      eventually(`${count} that wait`, async () => {
        const [found] = await ledger.database.query<{ count: bigint }>(
          `select count(distinct pid) as count from pg_locks where not granted
             and pid in (select pid from pg_stat_activity where datname = current_database())`,
        );
        return found !== undefined && found.count >= count;
      });

    it("need a later message of the wallet each time", async () => {
      const spender = walletSpender(stranger);
      await offer(spender);
      const now = BigInt(Date.now());
      const by = (signedAt: bigint) =>
        ({ spender, proof: { how: "wallet", signature: "0x5a", signedAt } }) as const;
      expect(await say(true, by(now))).to.equal("changed");
      expect(await say(true, by(now))).to.equal("unchanged");
      expect(await say(false, by(now))).to.equal("acceptance_outdated");
      expect(await say(false, by(now + 1n))).to.equal("changed");
      expect(await say(true, by(now))).to.equal("acceptance_outdated");
      expect(await say(true, by(now + 1n))).to.equal("acceptance_outdated");
      expect(await say(true, by(now + 2n))).to.equal("changed");
      expect(await say(true, by(now + 4n))).to.equal("changed");
      expect(await say(false, by(now + 3n))).to.equal("acceptance_outdated");
      expect(await say(false, by(now + 3_600_000n))).to.equal("acceptance_in_future");
    });

    it("need an offer, and an end needs an acceptance", async () => {
      const spender = await newSpender();
      expect(await accept(spender)).to.equal("offer_not_found");
      await offer(spender);
      expect(await end(spender)).to.equal("acceptance_not_found");
      expect(await accept(spender)).to.equal("changed");
      expect(await accept(spender)).to.equal("unchanged");
      expect(await end(spender)).to.equal("changed");
      expect(await end(spender)).to.equal("unchanged");
    });

    it("are implied for the account's own wallet, unless it ended that", async () => {
      const spender = walletSpender(sponsor);
      const own = { proof: { how: "own" } as const };
      const first = await offer(spender, sponsor, own);
      expect(first.accepted).to.equal(true);
      const signedAt = BigInt(Date.now());
      await say(false, { spender, proof: { how: "wallet", signature: "0x5a", signedAt } });
      // Neither the public allowance nor another one brings it back.
      const again = await ledger.allowances.add({ ...first, signature: "0x00" }, own.proof);
      expect(added(again).accepted).to.equal(false);
      expect((await offer(spender, sponsor, own)).accepted).to.equal(false);
    });

    it("are given by redeeming a code, and are implied for grants of issuers only", async () => {
      const campaign = await ledger.allow(sponsor, { spender: hashOf("campaign"), proof: null });
      const [byGrant, byCode] = [await newSpender(), await newSpender()];
      const terms = {
        limit: 5n,
        period: 0n,
        rollover: 0n,
        startsAt: null,
        expiresAt: null,
        priority: null,
        scope: null,
      };
      const grant = { key: "one", spender: byGrant, ...terms };
      const issuer = await ledger.issuerOf(campaign.id);
      await ledger.grants.issue(campaign.id, [grant], issuer);
      expect(await use(byGrant)).to.equal("account_not_accepted");
      const codeHash = hashOf("code");
      const { startsAt: _, expiresAt: __, ...codeTerms } = terms;
      const code = { codeHash, maxRedemptions: 1n, redeemBy: 0n, validSeconds: 0n, ...codeTerms };
      await ledger.grants.addCodes(campaign.id, [code], issuer);
      const redemption = { campaign: campaign.id, codeHash, spender: byCode, proof: KEY };
      expect(await ledger.grants.redeem(redemption)).to.include({ result: "redeemed" });
      expect(await use(byCode, other)).to.deep.equal([sponsor]);

      const issuing = await openLedger(ledger.database, undefined, {
        ...ALLOWANCE_RULES,
        isIssuer: (account) => account === sponsor,
      });
      const trusted = await newSpender();
      await issuing.grants.issue(
        campaign.id,
        [
          { ...grant, key: "two", spender: trusted },
          { ...grant, key: "three", spender: byGrant },
        ],
        issuer,
      );
      expect(await use(trusted)).to.deep.equal([sponsor]);
      expect(await use(byGrant, other)).to.deep.equal([sponsor]);
      await end(trusted);
      await issuing.grants.issue(
        campaign.id,
        [{ ...grant, key: "four", spender: trusted }],
        issuer,
      );
      expect(await use(trusted)).to.equal("account_not_accepted");
    });

    it("keep a place in the log for what counts only", async () => {
      const spender = await newSpender();
      const first = await offer(spender);
      expect(await logged(ledger)).to.deep.equal([]);
      await accept(spender);
      expect(await logged(ledger)).to.deep.equal(["acceptance true", first.id]);
      await end(spender);
      expect(await logged(ledger)).to.deep.equal(["acceptance true", first.id, "acceptance false"]);
    });

    describe("bounds", () => {
      it("hold for accounts of a spender, also if they are accepted at once", async () => {
        const spender = await newSpender();
        const accounts = [party(11), party(12), party(13), party(14), party(15)];
        for (const account of accounts) {
          // oxlint-disable-next-line no-await-in-loop -- in order
          await offer(spender, account);
        }
        const answers = await Promise.all(
          accounts.map((account) => say(true, { spender, account })),
        );
        expect(answers.filter((answer) => answer === "changed")).to.have.length(3);
        expect(answers.filter((answer) => answer === "too_many_accounts")).to.have.length(2);
        const page = { after: null, limit: 10 };
        const accepted = await ledger.acceptances.accepted(spender, page);
        expect(accepted).to.have.length(3);
        const [first] = accepted;
        if (first === undefined) throw new Error("nothing is accepted");
        expect(await say(false, { spender, account: first.account })).to.equal("changed");
        const offers = await ledger.acceptances.offers(spender, page);
        expect(offers.map(({ account }) => account))
          .to.include(first.account)
          .and.have.length(3);
        const [next] = offers.filter(({ account }) => account !== first.account);
        expect(await say(true, { spender, account: next?.account ?? payer })).to.equal("changed");
      });

      it("hold for allowances in force of a pair; dead ones make room", async () => {
        const spender = await newSpender();
        const allowed = [];
        for (let n = 0; n < 4; n++) {
          // oxlint-disable-next-line no-await-in-loop -- in order
          allowed.push(await offer(spender, sponsor, { proof: KEY, limit: 1n }));
        }
        expect(await refusalOf(offer(spender, sponsor, { proof: KEY }))).to.equal(
          "not added: too_many_allowances",
        );
        await ledger.allowances.revoke(allowed[0]?.id ?? "0x", "0x00");
        await offer(spender, sponsor, { proof: KEY, limit: 1n });
        // The revoked one is read no more.
        expect(await ledger.allowances.find(allowed[0]?.id ?? "0x")).to.include({
          accepted: false,
        });
        expect(await use(spender, other, 4n)).to.deep.equal(Array(4).fill(sponsor));
      });

      it("hold for what nobody accepted, and for all that an owner signs", async () => {
        const spenders = await Promise.all(Array.from({ length: 9 }, newSpender));
        for (const spender of spenders.slice(0, 5)) {
          // oxlint-disable-next-line no-await-in-loop -- in order
          expect(await refusalOf(offer(spender))).to.equal(null);
        }
        const [sixth = "0x", seventh = "0x", eighth = "0x", ninth = "0x"] = spenders.slice(5);
        expect(await refusalOf(offer(sixth))).to.equal("not added: too_many_allowances");
        // Another account's junk keeps no sponsor out.
        expect(await refusalOf(offer(sixth, payer))).to.equal(null);
        expect(await refusalOf(offer(sixth, sponsor, { proof: KEY }))).to.equal(null);
        expect(await refusalOf(offer(seventh, sponsor, { proof: KEY }))).to.equal(null);
        expect(await refusalOf(offer(eighth, sponsor, { proof: KEY }))).to.equal(null);
        expect(await refusalOf(offer(ninth, sponsor, { proof: KEY }))).to.equal(
          "not added: too_many_allowances",
        );
      });

      it("delete what never counted, after a time, and nothing else", async () => {
        const spender = await newSpender();
        const kept = await offer(await newSpender(), sponsor, { proof: KEY });
        const revoked = await offer(spender);
        await ledger.allowances.revoke(revoked.id, "0x00");
        const campaign = await offer(await newSpender());
        const code = { codeHash: hashOf("code"), maxRedemptions: 1n, redeemBy: 0n };
        const terms = { limit: 1n, period: 0n, rollover: 0n, priority: null, scope: null };
        await ledger.grants.addCodes(
          campaign.id,
          [{ ...code, ...terms, validSeconds: 0n }],
          await ledger.issuerOf(campaign.id),
        );
        const old = [await offer(spender), await offer(spender)];
        await ledger.database.script(
          "update signed_allowances set created_at = created_at - interval '2 days'",
        );
        const young = await offer(spender);
        expect(await ledger.allowances.deleteOldOffers(86_400, 1)).to.equal(1);
        expect(await ledger.allowances.deleteOldOffers(86_400, 9)).to.equal(1);
        expect(await ledger.allowances.deleteOldOffers(86_400, 9)).to.equal(0);
        for (const { id } of old) {
          // oxlint-disable-next-line no-await-in-loop -- two
          expect(await ledger.allowances.find(id)).to.equal(null);
        }
        for (const { id } of [kept, revoked, campaign, young]) {
          // oxlint-disable-next-line no-await-in-loop -- four
          expect(await ledger.allowances.find(id)).to.not.equal(null);
        }
      });
    });

    it("post a known allowance with the key: it counts then", async () => {
      const spender = await newSpender();
      const stored = await offer(spender);
      expect(added(await ledger.allowances.add(stored)).accepted).to.equal(false);
      expect(added(await ledger.allowances.add(stored, KEY)).accepted).to.equal(true);
      expect(await use(spender, other)).to.deep.equal([sponsor]);
    });
  });
}

/** Why an allowance was not added; `null` if it was. */
async function refusalOf(adding: Promise<unknown>): Promise<string | null> {
  return await adding.then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

/** The acceptances and allowances in the log, in order. */
async function logged({ usageLog }: Ledger): Promise<string[]> {
  const { entries } = await usageLog.page({ since: null, upTo: null }, null, 100);
  return entries.flatMap((entry) => {
    if (entry.kind === "acceptance") return `acceptance ${entry.accepted}`;
    return entry.kind === "allowance" ? entry.id : [];
  });
}
