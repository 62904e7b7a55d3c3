import { expect } from "chai";

import type { SourcePage } from "../../auditor/log/logSource.ts";
import type { Finding } from "../../auditor/replay/finding.ts";
import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import type { LogEntry } from "@compute-credits/rules/log/logEntry";
import { type Disguise, type Scene, openAudited, person } from "../fixtures/audited.ts";
import { databaseKinds } from "../fixtures/databases.ts";

const alice = person("alice");
const sponsor = person("sponsor");
const mallory = person("mallory");
const provider = person("provider");

/** What a test says of a finding: who, which event, by how much. */
type Told = Partial<Finding> & Pick<Finding, "kind">;

/** What the sponsor was charged that it never signed for. */
const wronged = (kind: Finding["kind"], id: string, differenceMicros: bigint): Told => ({
  kind,
  party: sponsor.address,
  event: { provider: provider.address, id },
  differenceMicros,
});

/** What the provider was promised, and by how much it is not kept. */
const promised = (kind: Finding["kind"], differenceMicros: bigint): Told => ({
  kind,
  party: provider.address,
  event: null,
  differenceMicros,
});

/** Whoever was granted something. */
type Grantee = Pick<Allowance, "id"> & { readonly spender: Allowance["message"]["spender"] };

/** SQL that a lying operator runs on its own ledger. */
const hex = (text: string) => `'\\x${text.slice(2)}'`;

// The lies are the same on every database; honest.test.ts runs on both.
for (const kind of databaseKinds.filter(({ name }) => name === "PGlite")) {
  describe(`an auditor of a server that lies, on ${kind.name}`, () => {
    let stage: Awaited<ReturnType<typeof openAudited>>;
    let scene: Scene;
    let spender: `0x${string}`;
    const from = provider.address;

    before(async () => {
      stage = await openAudited(kind);
    });
    after(() => stage.close());
    beforeEach(async () => {
      scene = await stage.begin();
      await scene.buy(alice, 1_000_000n);
      await scene.buy(sponsor, 1_000_000n);
      spender = (await scene.allow(alice)).message.spender;
      await scene.ledger.grantAccess(spender, from);
    });

    const lie = (sql: string) => scene.ledger.database.script(sql);

    /** Moves what alice spent and what the provider earned, as a lie in the log needs it for the sums to fit. */
    const moveSums = (spent: bigint, earned = spent) =>
      lie(`update accounts set spent = spent + ${spent} where address = ${hex(alice.address)};
           update earnings set earned = earned + ${earned}
             where ctid = (select ctid from earnings where provider = ${hex(from)} limit 1);`);

    /** What was allowed this very moment may be unseen by another server, and that is no lie. */
    const notNew = () =>
      lie("update signed_allowances set created_at = created_at - interval '1 minute'");

    const use = (quantity: bigint, fields: object = {}) =>
      scene.use({ provider: from, spender, quantity, ...fields });

    /** The auditor refuses, tells exactly this, and signs nothing more. */
    async function refuses(told: readonly Told[], disguise?: Disguise): Promise<void> {
      const before = scene.signatures.length;
      const findings = await scene.audit(disguise);
      const names = new Set(Object.keys(told[0] ?? {}));
      const short = findings.map((finding) =>
        Object.fromEntries(Object.entries(finding).filter(([name]) => names.has(name))),
      );
      expect(short, findings.map(({ text }) => text).join("\n")).to.deep.equal(told);
      expect(scene.signatures).to.have.length(before);
    }

    const charged = (kindOf: Finding["kind"], id: string, differenceMicros: bigint): Told => ({
      kind: kindOf,
      party: alice.address,
      event: { provider: from, id },
      differenceMicros,
    });

    /** A checkpoint that both agree on, so that the auditor knows what was signed. */
    async function agree(): Promise<void> {
      await use(1n);
      const first = await scene.cut();
      expect(await scene.audit()).to.deep.equal([]);
      await scene.finalise(first);
    }

    const hold = (fields: object = {}) => ({
      provider: from,
      id: "h",
      spender,
      meter: "units",
      dimensions: {},
      quantity: 20n,
      ttlSeconds: 60,
      ...fields,
    });

    describe("about an event", () => {
      it("over-charging by one micro-credit", async () => {
        const { id } = await use(30n);
        await lie(`update debits set amount_micros = 31 where event_id = '${id}'`);
        await moveSums(1n);
        await scene.cut();
        await refuses([charged("wrong_price", id, 1n)]);
        const [{ text } = { text: "" }] = await scene.audit();
        expect(text).to.equal(
          `${alice.address} was charged 31 micro-credits for event ${id} of ${from}; its price is 30: 1 too many`,
        );
      });

      it("charging too little, for a friend", async () => {
        const { id } = await use(30n);
        await lie(`update debits set amount_micros = 29 where event_id = '${id}'`);
        await moveSums(-1n);
        await scene.cut();
        await refuses([charged("wrong_price", id, -1n)]);
      });

      it("paying the provider less than its part", async () => {
        const { id } = await use(100n);
        await lie(`update debits set fee_micros = fee_micros + 5 where event_id = '${id}'`);
        await moveSums(0n, -5n);
        await scene.cut();
        await refuses([{ ...charged("wrong_fee", id, -5n), party: from }]);
      });

      it("dropping one that the auditor has seen", async () => {
        const { id } = await use(50n);
        await use(7n);
        expect(await scene.audit()).to.deep.equal([]);
        await lie(`delete from debits where event_id = '${id}'`);
        await moveSums(-50n, -49n);
        await scene.cut();
        await refuses([{ ...charged("event_dropped", id, -50n), party: from }]);
      });

      it("changing one that the auditor has seen", async () => {
        const { id } = await use(50n);
        await scene.audit();
        await lie(`update debits set quantity = 60, amount_micros = 60 where event_id = '${id}'`);
        await moveSums(10n);
        await scene.cut();
        await refuses([charged("event_changed", id, 10n)]);
      });

      it("charging one twice", async () => {
        const { id } = await use(50n);
        await moveSums(50n, 49n);
        await scene.cut();
        await refuses([charged("event_doubled", id, 50n)], twice("debit"));
      });

      it("charging one again in a later checkpoint", async () => {
        const { id } = await use(50n);
        const first = await scene.cut();
        await scene.audit();
        await scene.finalise(first);
        // Another of its kind, under the old name.
        const again = await use(50n);
        await lie(`update debits set event_id = 'gone' where event_id = '${id}';
                   update debits set event_id = '${id}' where event_id = '${again.id}'`);
        await scene.cut();
        await refuses([charged("event_doubled", id, 50n)]);
      });

      it("rating one by a card that was not in force", async () => {
        const rates = [{ meter: "units", dimensions: {}, microCredits: 3n, perUnits: 1n }];
        const effectiveFrom = new Date(Date.now() + 3_600_000);
        await scene.ledger.rateCards.publish({ provider: null, effectiveFrom, rates });
        const { id } = await use(10n);
        await lie(`update debits set amount_micros = 30, rate_card = 2 where event_id = '${id}'`);
        await moveSums(20n);
        await scene.cut();
        await refuses([charged("wrong_rate_card", id, 20n)]);
      });

      it("changing a card after it was published", async () => {
        await use(10n);
        const first = await scene.cut();
        await scene.audit();
        await scene.finalise(first);
        const { id } = await use(10n);
        await lie(`update rate_cards set card = jsonb_set(card, '{0,microCredits}', '"2"');
                   update debits set amount_micros = 20 where event_id = '${id}'`);
        await moveSums(10n);
        await scene.cut();
        await refuses([charged("wrong_price", id, 10n)]);
      });

      it("telling of a published card again, with other prices", async () => {
        await use(10n);
        const first = await scene.cut();
        await scene.audit();
        await scene.finalise(first);
        await use(10n);
        await lie(`update rate_cards set card = jsonb_set(card, '{0,microCredits}', '"2"'),
          transaction_id = pg_current_xact_id()::text::bigint, log_order = nextval('log_order')`);
        await scene.cut();
        const findings = await scene.audit();
        expect(findings.map((finding) => finding.kind)).to.include("card_changed");
        expect(scene.signatures).to.have.length(1);
      });

      it("letting somebody else pay than the order of burn-down says", async () => {
        const first = await scene.allow(sponsor, { spender, priority: 1 });
        await notNew();
        const { id } = await use(40n);
        const [mine] = await scene.ledger.allowances.ofAccount(alice.address);
        await lie(`update debits set account = ${hex(alice.address)}, allowance = ${hex(mine?.id ?? "")}
                     where event_id = '${id}';
                   update accounts set spent = 40 where address = ${hex(alice.address)};
                   update accounts set spent = 0 where address = ${hex(sponsor.address)}`);
        await scene.cut();
        await refuses([charged("wrong_payer", id, 40n)]);
        const [{ text } = { text: "" }] = await scene.audit();
        expect(text).to.contain(`it was to be paid by ${sponsor.address} (40 by ${first.id})`);
      });

      it("dating one back", async () => {
        await use(10n);
        const first = await scene.cut();
        await scene.audit();
        await scene.finalise(first);
        const { id } = await use(10n);
        await lie(
          `update debits set recorded_at = recorded_at - interval '1 hour' where event_id = '${id}'`,
        );
        await scene.cut();
        await refuses([{ kind: "backdated", party: alice.address, event: { provider: from, id } }]);
      });

      it("counting a month's usage wrong", async () => {
        const tiers = [
          { upTo: 10n, microCredits: 5n },
          { upTo: null, microCredits: 1n },
        ];
        await scene.ledger.rateCards.publish({
          provider: from,
          effectiveFrom: null,
          rates: [{ kind: "graduated", meter: "tokens", dimensions: {}, perUnits: 1n, tiers }],
        });
        await use(10n, { meter: "tokens" });
        const { id } = await use(10n, { meter: "tokens" });
        // As if nothing had been used before: all in the dear tier.
        await lie(`update debits set amount_micros = 50, fee_micros = 1, price_basis = jsonb_set(price_basis, '{usedUnits}', '"0"')
          where event_id = '${id}'`);
        await moveSums(40n, 39n);
        await scene.cut();
        await refuses([charged("wrong_price", id, 40n)]);
      });
    });

    describe("about what lets somebody charge", () => {
      it("charging an allowance that nobody signed", async () => {
        await lie("delete from allowance_usage; delete from signed_allowances");
        await scene.allow(alice, { spender }, mallory);
        const { id } = await use(10n);
        await scene.cut();
        await refuses([charged("forged_allowance", id, 10n)]);
      });

      it("charging an allowance whose terms were changed after the signature", async () => {
        await lie("update allowance_usage set limit_micros = limit_micros + 1");
        const { id } = await use(10n);
        await scene.cut();
        await refuses([charged("forged_allowance", id, 10n)]);
      });

      it("charging a revoked allowance", async () => {
        await agree();
        const [mine] = await scene.ledger.allowances.ofAccount(alice.address);
        if (mine !== undefined) await scene.revoke(alice, mine);
        await lie("update allowance_usage set revoked_at = null");
        const { id } = await use(10n);
        await scene.cut();
        await refuses([charged("allowance_revoked", id, 10n)]);
      });

      it("charging under a counter that has ended", async () => {
        await agree();
        await scene.ledger.chainEvents({
          type: "counter_raised",
          account: alice.address,
          counter: 1n,
        });
        await lie("update accounts set counter = 0");
        const { id } = await use(10n);
        await scene.cut();
        await refuses([charged("allowance_revoked", id, 10n)]);
      });

      it("charging an expired allowance", async () => {
        const now = BigInt(Math.floor(Date.now() / 1000));
        const short = await scene.allow(alice, { expiresAt: now + 1_000n });
        await scene.ledger.grantAccess(short.message.spender, from);
        await agree();
        const { id } = await use(10n, { spender: short.message.spender });
        await lie(
          `update debits set recorded_at = recorded_at + interval '1000 seconds' where event_id = '${id}'`,
        );
        await scene.cut();
        await refuses([charged("allowance_expired", id, 10n)]);
      });

      it("charging more than the allowance's limit", async () => {
        const small = await scene.allow(alice, { limit: 15n });
        await scene.ledger.grantAccess(small.message.spender, from);
        await agree();
        await lie(
          "alter table allowance_usage drop constraint never_over_limit; update allowance_usage set limit_micros = 1000 where limit_micros = 15",
        );
        const { id } = await use(40n, { spender: small.message.spender });
        await lie(
          "update allowance_usage set period_spent = 0; alter table allowance_usage add constraint never_over_limit check (period_spent <= limit_micros + carried_micros)",
        );
        await scene.cut();
        await refuses([charged("allowance_exhausted", id, 25n)]);
      });

      it("charging more than the account's cap", async () => {
        const capped = await scene.allow(alice, { accountCap: 15n });
        await scene.ledger.grantAccess(capped.message.spender, from);
        await agree();
        await lie(
          "update signed_allowances set account_cap_micros = 1000 where account_cap_micros = 15",
        );
        const { id } = await use(40n, { spender: capped.message.spender });
        await scene.cut();
        await refuses([charged("account_cap_reached", id, 26n)]);
      });

      it("charging more than the account ever bought", async () => {
        await agree();
        await lie("update accounts set purchased = purchased + 1000000");
        const { id } = await use(1_000_005n);
        await scene.cut();
        const findings = await scene.audit();
        expect(findings.map((one) => [one.kind, one.differenceMicros])).to.deep.include.members([
          ["insufficient_credits", 6n],
        ]);
        expect(findings[0]?.event?.id).to.equal(id);
        expect(scene.signatures).to.have.length(1);
      });

      it("charging for a provider that the spender's wallet never let", async () => {
        await agree();
        const wallet = walletSpender(alice.address);
        await scene.allow(alice, { spender: wallet });
        // Without the wallet's signature.
        await scene.ledger.grantAccess(wallet, from);
        const { id } = await use(10n, { spender: wallet });
        await scene.cut();
        await refuses([charged("access_not_granted", id, 10n)]);
      });

      it("revoking what the owner did not revoke, so that another pays", async () => {
        const gift = await scene.allow(sponsor, { spender, priority: 1 });
        await notNew();
        await scene.ledger.allowances.revoke(gift.id, "0x1234");
        const { id } = await use(10n);
        await scene.cut();
        await refuses([
          { kind: "forged_revocation", party: sponsor.address, event: null },
          { kind: "wrong_payer", party: alice.address, event: { provider: from, id } },
        ]);
      });
    });

    describe("about campaigns and the grants out of them", () => {
      let grants = 0;

      /** A grant of the sponsor's campaign, as the holder of its key issues it, to a spender that has turned to the provider. */
      async function grantOf({ id: campaign }: Allowance, limit = 1_000n): Promise<Grantee> {
        const key = `grant ${grants++}`;
        const to = apiKeySpender(key);
        const request = { key, spender: to, limit, period: 0n, rollover: 0n };
        const [outcome] = [
          await scene.ledger.grants.issue(campaign, [
            { ...request, startsAt: null, expiresAt: null, priority: null, scope: null },
          ]),
        ].flat();
        if (outcome === undefined || !("result" in outcome) || outcome.result !== "granted") {
          throw new Error(`not granted: ${JSON.stringify(outcome)}`);
        }
        await scene.ledger.grantAccess(to, from);
        return { id: outcome.id, spender: to };
      }

      it("nothing is wrong where several grants share what the owner signed for", async () => {
        const campaign = await scene.allow(sponsor, { limit: 50n });
        for (const quantity of [20n, 30n]) {
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          await use(quantity, { spender: (await grantOf(campaign)).spender });
        }
        await scene.cut();
        expect(await scene.audit()).to.deep.equal([]);
        expect(scene.signatures).to.have.length(1);
      });

      it("a grant with a higher cap on the account than its campaign's", async () => {
        const campaign = await scene.allow(sponsor, { accountCap: 15n });
        const grant = await grantOf(campaign);
        await lie(
          `update signed_allowances set account_cap_micros = 1000 where id = ${hex(grant.id)}`,
        );
        const { id } = await use(40n, { spender: grant.spender });
        await scene.cut();
        await refuses([wronged("forged_allowance", id, 40n)]);
        const [{ text } = { text: "" }] = await scene.audit();
        expect(text).to.contain(
          `a grant that its campaign ${campaign.id}, as its owner signed it,`,
        );
      });

      it("charging grants together more than the campaign's owner signed for", async () => {
        const campaign = await scene.allow(sponsor, { limit: 50n });
        const [one, two] = [await grantOf(campaign), await grantOf(campaign)];
        await agree();
        await use(30n, { spender: one.spender });
        await lie(`update allowance_usage set limit_micros = 1000 where id = ${hex(campaign.id)}`);
        const { id } = await use(45n, { spender: two.spender });
        await scene.cut();
        await refuses([wronged("campaign_exhausted", id, 25n)]);
      });

      it("counting a debit against the grant, and not against the campaign", async () => {
        const campaign = await scene.allow(sponsor, { limit: 50n });
        const [one, two] = [await grantOf(campaign), await grantOf(campaign)];
        await use(30n, { spender: one.spender });
        await lie(
          `update allowance_usage set spent = 0, period_spent = 0 where id = ${hex(campaign.id)}`,
        );
        const { id } = await use(30n, { spender: two.spender });
        await scene.cut();
        await refuses([wronged("campaign_exhausted", id, 10n)]);
      });

      it("granting out of an allowance that nobody signed", async () => {
        const grant = await grantOf(await scene.allow(sponsor, {}, mallory));
        const { id } = await use(10n, { spender: grant.spender });
        await scene.cut();
        await refuses([wronged("forged_allowance", id, 10n)]);
      });

      it("granting out of a campaign whose terms were changed after the signature", async () => {
        const campaign = await scene.allow(sponsor, { limit: 5n });
        await lie(`update allowance_usage set limit_micros = 1000 where id = ${hex(campaign.id)}`);
        const { id } = await use(10n, { spender: (await grantOf(campaign)).spender });
        await scene.cut();
        await refuses([wronged("forged_allowance", id, 10n)]);
      });

      it("granting out of somebody else's campaign", async () => {
        const [campaign, other] = [await scene.allow(sponsor), await scene.allow(alice)];
        const grant = await grantOf(other);
        await lie(
          `update signed_allowances set campaign = ${hex(campaign.id)} where id = ${hex(grant.id)}`,
        );
        const { id } = await use(10n, { spender: grant.spender });
        await scene.cut();
        await refuses([charged("forged_allowance", id, 10n)]);
      });

      it("granting after the campaign was revoked", async () => {
        const campaign = await scene.allow(sponsor);
        await agree();
        await scene.revoke(sponsor, campaign);
        await lie("update allowance_usage set revoked_at = null");
        const { id } = await use(10n, { spender: (await grantOf(campaign)).spender });
        await scene.cut();
        await refuses([wronged("campaign_revoked", id, 10n)]);
      });

      it("granting after the counter that the campaign was signed under has ended", async () => {
        const campaign = await scene.allow(sponsor);
        await agree();
        await scene.ledger.chainEvents({
          type: "counter_raised",
          account: sponsor.address,
          counter: 1n,
        });
        await lie("update accounts set counter = 0");
        const { id } = await use(10n, { spender: (await grantOf(campaign)).spender });
        await scene.cut();
        await refuses([wronged("allowance_revoked", id, 10n)]);
      });
    });

    describe("about holds and voids", () => {
      it("pinning another price than the one of the moment", async () => {
        await scene.ledger.holds.authorize(hold());
        await lie(`update holds set rate = jsonb_set(rate, '{microCredits}', '"2"');
                   update hold_parts set held_micros = 40; update accounts set held = 40 where held > 0`);
        await scene.cut().catch(() => undefined);
        await use(1n);
        await scene.cut();
        const [finding] = await scene.audit();
        expect(finding).to.include({ kind: "wrong_pinned_rate", differenceMicros: 20n });
        expect(scene.signatures).to.have.length(0);
      });

      it("capturing more than the hold's price", async () => {
        await scene.ledger.holds.authorize(hold());
        await scene.ledger.holds.capture({ ...hold(), eventId: "c", quantity: 5n, final: true });
        await lie("update debits set amount_micros = 6 where event_id = 'c'");
        await moveSums(1n);
        await scene.cut();
        await refuses([charged("wrong_price", "c", 1n)]);
      });

      it("capturing a hold that had run out", async () => {
        await scene.ledger.holds.authorize(hold({ ttlSeconds: 5 }));
        await scene.ledger.holds.capture({ ...hold(), eventId: "c", quantity: 5n, final: true });
        await lie("update debits set recorded_at = recorded_at + interval '5 seconds'");
        await scene.cut();
        await refuses([charged("hold_over", "c", 5n)]);
      });

      it("taking an event back twice", async () => {
        const { id } = await use(50n);
        await use(100n);
        await scene.ledger.usage.void({ provider: from, id });
        await moveSums(-50n, -49n);
        await scene.cut();
        const findings = await scene.audit(twice("void"));
        expect(findings[0]).to.include({
          kind: "voided_twice",
          party: from,
          differenceMicros: 50n,
        });
        expect(scene.signatures).to.have.length(0);
      });

      it("taking an event back that a checkpoint holds", async () => {
        const { id } = await use(50n);
        const first = await scene.cut();
        await scene.audit();
        await scene.finalise(first);
        await use(100n);
        await lie(
          `insert into voids (provider, event_id, amount_micros) values (${hex(from)}, '${id}', 50)`,
        );
        await moveSums(-50n, -49n);
        await scene.cut();
        await refuses([{ ...charged("voided_after_settlement", id, 50n), party: from }]);
      });

      it("giving back something else than was charged", async () => {
        const { id } = await use(50n);
        await use(100n);
        await scene.ledger.usage.void({ provider: from, id });
        await lie("update voids set amount_micros = 51");
        await scene.cut();
        await refuses([{ ...charged("wrong_void", id, 1n), party: from }]);
      });

      it("moving a multiplier further than its rule", async () => {
        const multiplier = {
          targetBps: 5_000n,
          startBps: 10_000n,
          minBps: 5_000n,
          maxBps: 40_000n,
          maxStepBps: 500n,
          denominator: 8n,
          stepSeconds: 1,
        };
        const gpu = { kind: "dynamic", meter: "gpu", dimensions: {} } as const;
        const rates = [{ ...gpu, microCredits: 10n, perUnits: 1n, multiplier }];
        await scene.ledger.rateCards.publish({ provider: from, effectiveFrom: null, rates });
        await scene.ledger.multipliers.report({
          provider: from,
          meter: "gpu",
          dimensions: {},
          utilisationBps: 10_000n,
        });
        await lie("update multiplier_steps set after_bps = 20000");
        await use(10n);
        await scene.cut();
        await refuses([
          {
            kind: "wrong_multiplier",
            party: from,
            expected: "10000 to 10500",
            actual: "10000 to 20000",
          },
        ]);
      });
    });

    describe("about receipts of earnings", () => {
      it("losing an event that one counts, before the auditor saw it", async () => {
        const { id } = await use(50n);
        await use(100n);
        await scene.promise(provider);
        await lie(`delete from debits where event_id = '${id}'`);
        await moveSums(-50n, -49n);
        await scene.cut();
        await refuses([promised("receipt_not_paid", -49n)]);
        const [{ text } = { text: "" }] = await scene.audit();
        expect(text).to.equal(
          `${from} has a receipt of 147 micro-credits earned from epoch 1 on, and the checkpoint of epoch 1 pays 98: 49 too few`,
        );
      });

      it("taking an event back that one counts, as its checkpoint was dropped", async () => {
        const { id } = await use(100n);
        await scene.promise(provider);
        const first = await scene.cut();
        expect(await scene.audit()).to.deep.equal([]);
        await scene.drop(first);
        scene.restart();
        await use(10n);
        await lie(
          `insert into voids (provider, event_id, amount_micros) values (${hex(from)}, '${id}', 100)`,
        );
        await moveSums(-100n, -98n);
        await scene.cut();
        await refuses([
          { ...promised("voided_after_receipt", -98n), event: { provider: from, id } },
          promised("receipt_not_paid", -88n),
        ]);
      });

      it("taking an event back that one counts, while the provider earns more", async () => {
        const { id } = await use(50n);
        await scene.promise(provider);
        await use(100n);
        await lie(
          `insert into voids (provider, event_id, amount_micros) values (${hex(from)}, '${id}', 50)`,
        );
        await moveSums(-50n, -49n);
        await scene.cut();
        await refuses([
          { ...promised("voided_after_receipt", -49n), event: { provider: from, id } },
        ]);
      });

      it("taking one out of the log that the auditor has seen", async () => {
        await use(50n);
        await scene.promise(provider);
        expect(await scene.audit()).to.deep.equal([]);
        await lie("delete from log_notes where kind = 'receipt'");
        await scene.cut();
        await refuses([promised("receipt_dropped", -49n)]);
      });

      it("lowering one that the auditor has seen", async () => {
        await use(50n);
        await scene.promise(provider);
        expect(await scene.audit()).to.deep.equal([]);
        await lie(
          `update log_notes set body = jsonb_set(body, '{earned}', '"9"') where kind = 'receipt'`,
        );
        await scene.cut();
        await refuses([promised("receipt_changed", -40n)]);
      });
    });

    describe("about the chain", () => {
      it("keeping a refund request from its ledger", async () => {
        await use(10n);
        const last = scene.ledger.blocks.at(-1)?.upTo;
        if (last === undefined) throw new Error("no block");
        const blockTime = new Date(Date.now() - 60_000);
        const place = { blockNumber: last.number + 1n, blockTime, logIndex: 0 };
        scene.hidden.push({
          from: last,
          upTo: { ...last, number: place.blockNumber },
          events: [
            {
              ...place,
              type: "refund_requested",
              account: alice.address,
              requestedMicros: 500n,
              unspentMicros: 1_000n,
              refundedMicros: 0n,
              transactionHash: last.hash,
            },
          ],
        });
        await scene.cut();
        await refuses([
          { kind: "chain_event_ignored", party: alice.address, differenceMicros: -500n },
        ]);
      });

      it("taking a refund request in, and never serving it", async () => {
        await use(10n);
        await scene.requestRefund(alice, 500n);
        await lie("update accounts set refunding = 0, refund_waiting = 0");
        const first = await scene.cut();
        // One that comes while the checkpoint is cut may be served by the next.
        expect(await scene.audit()).to.deep.equal([]);
        await scene.finalise(first);
        await use(10n);
        await scene.cut();
        await refuses([
          { kind: "refund_held_back", party: alice.address, differenceMicros: -500n },
        ]);
      });

      it("refunding more than was asked", async () => {
        await use(10n);
        await scene.requestRefund(alice, 500n);
        await lie("update accounts set refunding = 600 where refunding > 0");
        await scene.cut();
        await refuses([{ kind: "wrong_refund", party: alice.address, differenceMicros: 100n }]);
      });
    });

    describe("about the table", () => {
      it("a row that says more than the log", async () => {
        await use(30n);
        await lie(`update accounts set spent = spent + 1 where address = ${hex(alice.address)}`);
        await scene.cut();
        const [finding] = await scene.audit();
        expect(finding).to.include({
          kind: "wrong_row",
          party: alice.address,
          differenceMicros: 1n,
          actual: "spent 31",
        });
        expect(scene.signatures).to.have.length(0);
      });

      it("a row that says less", async () => {
        await use(30n);
        await lie(`update earnings set earned = earned - 2 where provider = ${hex(from)}`);
        await scene.cut();
        const [finding] = await scene.audit();
        expect(finding).to.include({ kind: "wrong_row", party: from, differenceMicros: -2n });
      });

      it("a party that has lost its place", async () => {
        const other = await scene.allow(sponsor);
        await scene.ledger.grantAccess(other.message.spender, from);
        await use(30n);
        await use(30n, { spender: other.message.spender });
        const first = await scene.cut();
        await scene.audit();
        await scene.finalise(first);
        // Not with its neighbour: two leaves under one node hash to the same in either order.
        await lie(`update places set place = 99 where place = 0; update places set place = 0 where place = 2;
                   update places set place = 2 where place = 99`);
        await use(30n);
        await scene.cut();
        const findings = await scene.audit();
        expect(findings.map((one) => one.kind)).to.include("place_moved");
        expect(scene.signatures).to.have.length(1);
      });

      const messages: readonly [Finding["kind"], string][] = [
        ["wrong_root", `root = '\\x${"11".repeat(32)}'`],
        ["wrong_data_hash", `data_hash = '\\x${"11".repeat(32)}'`],
        ["wrong_totals", "spent = spent + 1"],
        ["wrong_epoch", "epoch = epoch + 1"],
        ["wrong_previous_root", `previous_root = '\\x${"11".repeat(32)}'`],
      ];
      for (const [name, change] of messages) {
        it(`a checkpoint with the ${name.replaceAll("_", " ")}`, async () => {
          await use(30n);
          await scene.cut();
          await lie(`update checkpoints set ${change}`);
          await refuses([{ kind: name }]);
        });
      }

      it("a checkpoint that is dated back", async () => {
        await use(30n);
        await scene.cut();
        await lie("update checkpoints set as_of = as_of - 86400");
        await refuses([{ kind: "wrong_as_of" }]);
      });

      it("two roots for one epoch", async () => {
        await use(30n);
        await scene.cut();
        expect(await scene.audit()).to.deep.equal([]);
        // Given up by the server, and not by the chain.
        await lie("update checkpoints set dropped = true, abandoned_at = clock_timestamp()");
        await use(30n);
        await scene.cut();
        await refuses([{ kind: "signed_another" }]);

        // Its own operator has looked into it, and lets it.
        scene.restart(1n);
        expect(await scene.audit()).to.deep.equal([]);
        expect(scene.signatures.map(({ epoch }) => epoch)).to.deep.equal([1n, 1n]);
      });
    });

    it("signs another root for an epoch where the signers changed after the one that it signed was cut", async () => {
      await use(30n);
      const { message } = await scene.cut();
      const asOf = message.asOf - 5n;
      await lie(`update checkpoints set as_of = ${asOf}`);
      expect(await scene.audit()).to.deep.equal([]);
      await lie("update checkpoints set dropped = true, dropped_at = to_timestamp(as_of)");
      await use(30n);
      await scene.cut();

      // Those who took over just then, or before, could still put it on chain.
      scene.changeSigners(asOf);
      await refuses([{ kind: "signed_another" }]);
      scene.changeSigners(asOf + 1n);
      scene.restart();
      expect(await scene.audit()).to.deep.equal([]);
      expect(scene.signatures.map(({ epoch }) => epoch)).to.deep.equal([1n, 1n]);
    });

    it("tells all the lies of a checkpoint, and signs the one that has none any more", async () => {
      const one = await use(30n);
      const two = await use(30n);
      const raise = (by: number) =>
        lie(
          `update debits set amount_micros = amount_micros + ${by} where event_id in ('${one.id}', '${two.id}')`,
        );
      await raise(1);
      await moveSums(2n);
      await scene.cut();
      await refuses([charged("wrong_price", one.id, 1n), charged("wrong_price", two.id, 1n)]);

      await raise(-1);
      await moveSums(-2n);
      await lie("update checkpoints set dropped = true, abandoned_at = clock_timestamp()");
      await scene.cut();
      expect(await scene.audit()).to.deep.equal([]);
      expect(scene.signatures).to.have.length(1);
    });
  });
}

/** Shows the first entry of a kind twice, the second time as if another transaction had written it. */
function twice(kind: LogEntry["kind"]): Disguise {
  return (source) => ({
    ...source,
    async page(window, cursor): Promise<SourcePage> {
      const page = await source.page(window, cursor);
      const entry = page.entries.find((one) => one.kind === kind);
      return entry === undefined ? page : { ...page, entries: [...page.entries, entry] };
    },
  });
}
