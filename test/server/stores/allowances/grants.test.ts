import { expect } from "chai";
import type { Hex } from "viem";

import { promotionCodeHash } from "@compute-credits/protocol/messages/promotionCode";
import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";
import type { GrantRequest } from "@compute-credits/rules/grants/grant";
import { limitsPassed } from "@compute-credits/rules/insight/limitsPassed";
import type { InTurn } from "@compute-credits/platform/postgres/boundedReads";
import { createGrantStore } from "../../../../server/stores/allowances/postgresGrantStore.ts";
import type { CodeOutcome, GrantOutcome } from "../../../../server/stores/allowances/grantStore.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import {
  ALLOWANCE_RULES,
  MAX_GRANTS,
  type Ledger,
  openLedger,
  party,
  usageEvent,
} from "../../../fixtures/ledger.ts";

const provider = party(1_000);
const sponsor = party(1);
const scopeLists = { providers: [provider], meters: [] };

let grantCount = 0;
function grantOf(fields: Partial<GrantRequest> = {}): GrantRequest {
  const key = `grant-${grantCount++}`;
  return {
    key,
    spender: apiKeySpender(`${key} secret`),
    limit: 100n,
    period: 0n,
    rollover: 0n,
    startsAt: null,
    expiresAt: null,
    priority: null,
    scope: null,
    ...fields,
  };
}

for (const { name, open } of databaseKinds) {
  describe(`grants on ${name}`, () => {
    let ledger: Ledger;

    before(async () => {
      ledger = await openLedger(await open());
      await ledger.purchase(sponsor, "1000");
    });
    after(() => ledger.database.close());

    /**
     * Creates a campaign: the sponsor's allowance to a key that issues grants, for one provider.
     */
    const newCampaign = (limit: bigint, options: Parameters<Ledger["allow"]>[1] = {}) =>
      ledger.allow(sponsor, { limit, scopeLists, ...options });

    const issue = async (campaign: Hex, ...grants: readonly GrantRequest[]) => {
      const outcomes = await ledger.grants.issue(campaign, grants, await ledger.issuerOf(campaign));
      if ("reason" in outcomes) throw new Error(outcomes.reason);
      return outcomes;
    };

    const spend = async (spender: Hex, quantity: bigint) => {
      const [outcome] = await ledger.usage.record([usageEvent({ provider, spender, quantity })]);
      if (outcome === undefined) throw new Error("one event has one outcome");
      return outcome.result === "debited" ? outcome.costMicros : outcome.refusal.reason;
    };

    const spentOf = async (id: Hex) => (await ledger.allowances.find(id))?.usage.spentMicros;

    const addCodes = async (
      campaign: Hex,
      ...codes: Parameters<Ledger["grants"]["addCodes"]>[1]
    ) => {
      const outcomes = await ledger.grants.addCodes(
        campaign,
        codes,
        await ledger.issuerOf(campaign),
      );
      if ("reason" in outcomes) throw new Error(outcomes.reason);
      return outcomes;
    };
    const redeem = (campaign: Hex, code: string, spender: string) =>
      ledger.grants.redeem({
        campaign,
        codeHash: promotionCodeHash(code),
        spender: apiKeySpender(spender),
        proof: { how: "key" },
      });

    describe("issuing", () => {
      it("issues thousands at once, and each only once if the request is repeated", async () => {
        const { id } = await newCampaign(1_000_000n);
        const grants = Array.from({ length: 5_000 }, () => grantOf());
        const [first, second] = [await issue(id, ...grants), await issue(id, ...grants)];
        expect(first.every((each) => each.result === "granted" && !each.repeated)).to.equal(true);
        expect(idsOf(second)).to.deep.equal(idsOf(first));
        expect(second.every((each) => each.result === "granted" && each.repeated)).to.equal(true);

        const listed = new Set<Hex>();
        let after: Hex | null = null;
        for (;;) {
          const page: Awaited<ReturnType<typeof ledger.grants.ofCampaign>> =
            await ledger.grants.ofCampaign(id, { after, limit: 900 });
          for (const { grant } of page) listed.add(grant.id);
          after = page.at(-1)?.grant.id ?? null;
          if (page.length < 900) break;
        }
        expect(listed).to.deep.equal(new Set(idsOf(first)));
        const signed = await ledger.allowances.ofAccount(sponsor);
        expect(signed.map((each) => each.campaign)).to.deep.equal(signed.map(() => null));
        expect(signed.map((each) => each.id)).to.include(id);
      });

      it("counts no arrival, whose row all servers share, for grants that do not count", async () => {
        const { id } = await newCampaign(1_000n);
        const arrivals = async () =>
          await ledger.database.query("select count from allowance_arrivals");
        const quiet = createGrantStore(ledger.database, {
          ...ALLOWANCE_RULES,
          isIssuer: () => false,
        });
        const before = await arrivals();
        await quiet.issue(id, [grantOf()], await ledger.issuerOf(id));
        expect(await arrivals()).to.deep.equal(before);
        await issue(id, grantOf());
        expect(await arrivals()).to.not.deep.equal(before);
      });

      it("takes turns with requests of many grants, and with no others", async () => {
        const { id } = await newCampaign(1_000n);
        let turns = 0;
        const inBulkTurn: InTurn = (work) => {
          turns++;
          return work();
        };
        const store = createGrantStore(ledger.database, ALLOWANCE_RULES, { inBulkTurn });
        const issuer = await ledger.issuerOf(id);
        await store.issue(
          id,
          Array.from({ length: 50 }, () => grantOf()),
          issuer,
        );
        expect(turns).to.equal(0);
        await store.issue(
          id,
          Array.from({ length: 51 }, () => grantOf()),
          issuer,
        );
        expect(turns).to.equal(1);
      });

      it("issues each grant once if three requests run at once", async () => {
        const { id } = await newCampaign(1_000n);
        const grants = Array.from({ length: 40 }, () => grantOf());
        const answers = await Promise.all([1, 2, 3].map(() => issue(id, ...grants)));
        const fresh = answers.flat().filter((each) => each.result === "granted" && !each.repeated);
        expect(fresh).to.have.length(40);
        expect(await ledger.grants.ofCampaign(id, { after: null, limit: 100 })).to.have.length(40);
      });

      it("refuses a conflicting grant and issues the others", async () => {
        const { id } = await newCampaign(1_000n);
        const grant = grantOf();
        const other = grantOf();
        await issue(id, grant);
        const outcomes = await issue(id, { ...grant, limit: 101n }, other, {
          ...other,
          period: 60n,
        });
        expect(outcomes.map(reasonOf)).to.deep.equal([
          "grant_id_conflict",
          "granted",
          "grant_id_conflict",
        ]);
      });

      it("refuses grants beyond the campaign's dates and scope, and grants of grants", async () => {
        const { id } = await newCampaign(1_000n, { startsAt: 100n, expiresAt: 9_000_000_000n });
        const meter = { providers: [], meters: ["units"] };
        const outcomes = await issue(
          id,
          grantOf({ startsAt: 99n }),
          grantOf({ expiresAt: 9_000_000_001n }),
          grantOf({ scope: { providers: [party(1_001)], meters: [] } }),
          grantOf({ expiresAt: 101n }),
          grantOf({ expiresAt: 0n }),
          grantOf({ scope: meter }),
        );
        expect(outcomes.map(reasonOf)).to.deep.equal([
          "beyond_campaign",
          "beyond_campaign",
          "beyond_campaign",
          "grant_expired",
          "granted",
          "granted",
        ]);
        const [endless, narrowed] = await Promise.all(
          idsOf(outcomes).map((grant) => ledger.allowances.find(grant)),
        );
        expect(endless?.message.expiresAt).to.equal(9_000_000_000n);
        expect(narrowed?.scope).to.deep.equal({ providers: [provider], meters: ["units"] });

        const nested = await ledger.grants.issue(
          idsOf(outcomes)[0] ?? "0x",
          [grantOf()],
          walletSpender(sponsor),
        );
        expect(nested).to.deep.equal({ reason: "campaign_is_grant" });
      });

      it("refuses more than the campaign's maximum of grants", async () => {
        const { id } = await newCampaign(1_000n);
        await issue(id, ...Array.from({ length: MAX_GRANTS - 1 }, () => grantOf()));
        expect((await issue(id, grantOf(), grantOf())).map(reasonOf)).to.deep.equal([
          "granted",
          "too_many_grants",
        ]);
      });
    });

    describe("spending", () => {
      it("counts against the grant and the campaign, and exceeds neither limit", async () => {
        const { id } = await newCampaign(150n);
        const [a, b] = [grantOf(), grantOf()];
        const [grantA] = idsOf(await issue(id, a, b));
        expect(await spend(a.spender, 100n)).to.equal(100n);
        expect(await spend(a.spender, 1n)).to.equal("allowance_exhausted");
        expect(await spend(b.spender, 51n)).to.equal("campaign_exhausted");
        expect(await spend(b.spender, 50n)).to.equal(50n);
        expect([await spentOf(grantA ?? "0x"), await spentOf(id)]).to.deep.equal([100n, 150n]);
      });

      it("never exceeds a campaign's limit under concurrent debits and holds", async () => {
        const { id } = await newCampaign(1_000n);
        const grants = Array.from({ length: 20 }, () => grantOf({ limit: 90n }));
        await issue(id, ...grants);
        const before = (await ledger.accounts.balance(sponsor)).spent;

        const taken = await Promise.all(
          grants.flatMap(({ spender, key }) => [
            ...Array.from({ length: 4 }, () => spend(spender, 20n)),
            hold(spender, `${key} hold`, 25n),
          ]),
        );
        // The grants allow 20 × 90, the campaign only 1,000.
        const sum = taken.reduce<bigint>(
          (total, each) => total + (typeof each === "bigint" ? each : 0n),
          0n,
        );
        expect(sum).to.be.oneOf([980n, 985n, 990n, 995n, 1_000n]);
        const campaign = await ledger.allowances.find(id);
        expect(campaign?.usage.periodSpentMicros).to.equal(sum);
        const held = (await ledger.accounts.balance(sponsor)).held;
        const spent = (await ledger.accounts.balance(sponsor)).spent - before;
        expect(spent + held).to.equal(sum);

        for (const { key } of grants) await release(`${key} hold`);
        expect((await ledger.allowances.find(id))?.usage.periodSpentMicros).to.equal(spent);
        expect(await spentOf(id)).to.equal(spent);
      });

      it("returns a voided debit to the grant and the campaign", async () => {
        const { id } = await newCampaign(100n);
        const grant = grantOf({ limit: 100n });
        const [grantId] = idsOf(await issue(id, grant));
        const event = usageEvent({ provider, spender: grant.spender, quantity: 70n });
        await ledger.usage.record([event]);
        await ledger.usage.void(event);
        expect([await spentOf(grantId ?? "0x"), await spentOf(id)]).to.deep.equal([0n, 0n]);
        expect(await spend(grant.spender, 100n)).to.equal(100n);
      });

      it("charges an event to grants of one campaign, and to the spender's own credits last", async () => {
        const own = party(2);
        await ledger.purchase(own, "1");
        const spender = apiKeySpender("two grants");
        const { id } = await newCampaign(120n, { priority: 10 });
        await issue(id, grantOf({ spender, limit: 70n }), grantOf({ spender, limit: 70n }));
        const { id: ownId } = await ledger.allow(own, { spender, priority: 20, scopeLists });
        const [outcome] = await ledger.usage.record([
          usageEvent({ provider, spender, quantity: 200n }),
        ]);
        const charges = outcome?.result === "debited" ? outcome.charges : [];
        expect(charges.map(({ amountMicros }) => amountMicros)).to.deep.equal([70n, 50n, 80n]);
        expect(charges.at(-1)?.allowance).to.equal(ownId);
        expect(await spentOf(id)).to.equal(120n);
      });

      it("counts the spending of the campaign's own key in the same batch", async () => {
        const { id, message } = await newCampaign(100n);
        const grant = grantOf({ limit: 90n });
        const [grantId] = idsOf(await issue(id, grant));
        const outcomes = await ledger.usage.record([
          usageEvent({ provider, spender: message.spender, quantity: 30n }),
          usageEvent({ provider, spender: grant.spender, quantity: 60n }),
          usageEvent({ provider, spender: message.spender, quantity: 11n }),
          usageEvent({ provider, spender: grant.spender, quantity: 11n }),
          usageEvent({ provider, spender: grant.spender, quantity: 10n }),
        ]);
        expect(
          outcomes.map((each) =>
            each.result === "debited" ? each.costMicros : each.refusal.reason,
          ),
        ).to.deep.equal([30n, 60n, "allowance_exhausted", "campaign_exhausted", 10n]);
        expect([await spentOf(grantId ?? "0x"), await spentOf(id)]).to.deep.equal([70n, 100n]);
      });

      it("ends for one spender with its grant, and for all with the campaign", async () => {
        const { id } = await newCampaign(1_000n);
        const [a, b] = [grantOf(), grantOf()];
        const [grantA] = idsOf(await issue(id, a, b));
        await ledger.allowances.revoke(grantA ?? "0x", null);
        expect(await spend(a.spender, 1n)).to.equal("allowance_revoked");
        expect(await spend(b.spender, 1n)).to.equal(1n);
        await ledger.allowances.revoke(id, null);
        expect(await spend(b.spender, 1n)).to.equal("campaign_revoked");
        const issuer = await ledger.issuerOf(id);
        expect(await ledger.grants.issue(id, [grantOf()], issuer)).to.deep.equal({
          reason: "campaign_revoked",
        });
      });

      it("ends when the owner raises its counter", async () => {
        const owner = party(3);
        await ledger.purchase(owner, "1");
        const { id } = await ledger.allow(owner, { scopeLists });
        const grant = grantOf();
        await issue(id, grant);
        expect(await spend(grant.spender, 1n)).to.equal(1n);
        await ledger.chainEvents({ type: "counter_raised", account: owner, counter: 1n });
        expect(await spend(grant.spender, 1n)).to.equal("allowance_revoked");
      });

      it("is explained together with the campaign", async () => {
        const { id } = await newCampaign(1_000n);
        const [a, b] = [grantOf({ limit: 300n }), grantOf({ limit: 300n })];
        await issue(id, a, b);
        await spend(a.spender, 40n);
        const event = usageEvent({ provider, spender: b.spender, quantity: 60n });
        await ledger.usage.record([event]);
        const [part] = (await ledger.insight.explain(event))?.parts ?? [];
        const limits = part && limitsPassed(part.facts, part.debit.recordedAt);
        expect(limits?.allowanceLimit).to.include({ limitMicros: 300n, spentMicros: 60n });
        expect(limits?.campaignLimit).to.include({
          campaign: id,
          limitMicros: 1_000n,
          spentMicros: 100n,
        });
      });
    });

    describe("codes", () => {
      const terms = { ...grantOf(), maxRedemptions: 1n, redeemBy: 0n, validSeconds: 0n };

      it("are redeemed at most maxRedemptions times, once per spender, under concurrency", async () => {
        const { id } = await newCampaign(10_000n);
        const code = { ...terms, codeHash: promotionCodeHash("LAUNCH"), maxRedemptions: 7n };
        expect((await addCodes(id, code, code)).map(codeReasonOf)).to.deep.equal([
          "added",
          "added",
        ]);
        expect((await addCodes(id, { ...code, limit: 5n })).map(codeReasonOf)).to.deep.equal([
          "code_conflict",
        ]);

        const outcomes = await Promise.all(
          Array.from({ length: 20 }, (_, n) => redeem(id, "LAUNCH", `friend ${n % 10}`)),
        );
        const redeemed = outcomes.filter(({ result }) => result === "redeemed");
        const fresh = redeemed.filter((each) => each.result === "redeemed" && !each.repeated);
        expect(fresh).to.have.length(7);
        for (const outcome of outcomes) {
          if (outcome.result === "refused") expect(outcome.refusal.reason).to.equal("code_used_up");
        }
        expect(
          (await ledger.grants.codes(id, { after: null, limit: 10 }))[0]?.redemptions,
        ).to.equal(7n);
        const grants = await ledger.grants.ofCampaign(id, { after: null, limit: 100 });
        expect(grants).to.have.length(7);
        for (const { grant } of grants) {
          expect(await spend(grant.message.spender, 100n)).to.equal(100n);
          expect(await spend(grant.message.spender, 1n)).to.equal("allowance_exhausted");
        }
      });

      it("issue grants that start at the redemption and end with the campaign at the latest", async () => {
        const now = BigInt(Math.floor((await ledger.allowances.now()).getTime() / 1000));
        const { id } = await newCampaign(10_000n, { expiresAt: now + 5_000n });
        await addCodes(
          id,
          { ...terms, codeHash: promotionCodeHash("short"), validSeconds: 600n },
          { ...terms, codeHash: promotionCodeHash("long"), validSeconds: 50_000n },
        );
        const [short, long] = [await redeem(id, "short", "s"), await redeem(id, "long", "l")];
        if (short.result !== "redeemed" || long.result !== "redeemed") throw new Error("refused");
        const { startsAt, expiresAt } = short.grant.message;
        expect(expiresAt - startsAt).to.equal(600n);
        expect(startsAt >= now && startsAt < now + 60n).to.equal(true);
        expect(long.grant.message.expiresAt).to.equal(now + 5_000n);
      });

      it("are refused if unknown, late or closed, or if the campaign was revoked", async () => {
        const { id } = await newCampaign(10_000n);
        await addCodes(
          id,
          { ...terms, codeHash: promotionCodeHash("late"), redeemBy: 1n },
          { ...terms, codeHash: promotionCodeHash("closed") },
        );
        await ledger.grants.closeCode(id, promotionCodeHash("closed"));
        const reasons = [];
        for (const code of ["unknown", "late", "closed"]) {
          const outcome = await redeem(id, code, "friend");
          reasons.push(outcome.result === "refused" ? outcome.refusal.reason : outcome.result);
        }
        expect(reasons).to.deep.equal(["code_not_found", "code_expired", "code_closed"]);
        await ledger.allowances.revoke(id, null);
        const outcome = await redeem(id, "late", "friend");
        expect(outcome.result === "refused" && outcome.refusal.reason).to.equal("campaign_revoked");
      });
    });

    async function hold(spender: Hex, id: string, quantity: bigint): Promise<bigint | string> {
      const work = { meter: "units", dimensions: {}, ttlSeconds: 600 };
      const outcome = await ledger.holds.authorize({ provider, id, spender, quantity, ...work });
      return outcome.result === "held" ? quantity : outcome.refusal.reason;
    }

    async function release(id: string): Promise<void> {
      await ledger.holds.release({ provider, id });
    }
  });
}

function idsOf(outcomes: readonly GrantOutcome[]): Hex[] {
  return outcomes.flatMap((outcome) => (outcome.result === "granted" ? outcome.id : []));
}

function reasonOf(outcome: GrantOutcome): string {
  return outcome.result === "granted" ? outcome.result : outcome.refusal.reason;
}

function codeReasonOf(outcome: CodeOutcome): string {
  return outcome.result === "added" ? outcome.result : outcome.refusal.reason;
}
