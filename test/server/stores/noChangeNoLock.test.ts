import { setTimeout as delay } from "node:timers/promises";

import { expect } from "chai";

import { promotionCodeHash } from "@compute-credits/protocol/messages/promotionCode";
import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";
import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { createReceiptRecords } from "../../../server/stores/checkpoints/postgresReceiptRecords.ts";
import { multiplierLockName } from "../../../server/stores/pricing/postgresMultiplierStore.ts";
import type { PublishResult } from "../../../server/stores/pricing/rateCardStore.ts";
import type { Database } from "@compute-credits/platform/postgres/database";
import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import { createPriceReader } from "../../../server/stores/pricing/priceReader.ts";
import { createRateIndexCache } from "../../../server/stores/pricing/rateIndexCache.ts";
import { withGroupCommit } from "../../../server/stores/usage/groupCommit.ts";
import { createUsageLedger } from "../../../server/stores/usage/postgresUsageLedger.ts";
import { postgres } from "../../fixtures/databases.ts";
import { answerWhileEveryLockIsHeld } from "../../fixtures/everyLockHeld.ts";
import {
  ALLOWANCE_RULES,
  type Ledger,
  RATES,
  RULES,
  emptyLedger,
  hashOf,
  party,
  usageEvent,
} from "../../fixtures/ledger.ts";
import { expectProblem } from "../../fixtures/http.ts";
import { dynamicRate } from "../../fixtures/rates.ts";
import { type LedgerServer, serveLedger } from "../../fixtures/ledgerServer.ts";

const [payer, provider, stranger] = [party(1), party(2), party(3)];

/** The owner of all campaigns here. */
const issuer = walletSpender(payer);

/** The terms of a grant or a code. */
const TERMS = { limit: 5n, period: 0n, rollover: 0n, priority: null, scope: null };
const NO_SCOPE = { providers: [], meters: [] };
const ONE_REDEMPTION = { maxRedemptions: 1n, redeemBy: 0n, validSeconds: 0n };

// PGlite has one connection, so no transaction waits for another.
describe("requests that change nothing, while every lock is held", () => {
  let database: Database;
  let ledger: Ledger;

  before(async () => {
    database = await postgres.open();
  });
  beforeEach(async () => {
    ledger = await emptyLedger(database);
    await ledger.purchase(payer, "1");
  });
  after(() => database.close());

  const answered = <T>(request: () => Promise<T>, names: readonly string[] = []) =>
    answerWhileEveryLockIsHeld(database, request, { names });

  /** A spender of the payer that the provider may bill, and that it has billed once. */
  async function billedSpender() {
    const { spender } = (await ledger.allow(payer)).message;
    await ledger.grantAccess(spender, provider);
    await ledger.usage.record([usageEvent({ provider, spender })]);
    return spender;
  }

  const reported = async (...events: UsageEvent[]) =>
    (await answered(() => ledger.usage.record(events))).map(said);

  context("when the access of a provider is revoked", () => {
    it("answers if it was never granted", async () => {
      const { spender } = (await ledger.allow(payer)).message;
      const revoked = await answered(() => ledger.providers.revokeAccess({ spender, provider }));
      expect(revoked).to.equal(null);
    });

    it("answers again if it was revoked before", async () => {
      const { spender } = (await ledger.allow(payer)).message;
      await ledger.grantAccess(spender, provider);
      const first = await ledger.providers.revokeAccess({ spender, provider });
      const again = await answered(() => ledger.providers.revokeAccess({ spender, provider }));
      expect(first).to.be.instanceOf(Date);
      expect(again).to.deep.equal(first);
    });
  });

  context("when a provider shows an access that it has", () => {
    it("answers as the first time", async () => {
      const access = { spender: apiKeySpender("somebody's"), provider };
      await ledger.providers.grantAccess(access);
      expect(await answered(() => ledger.providers.grantAccess(access))).to.equal(true);
      await ledger.providers.revokeAccess(access);
      expect(await answered(() => ledger.providers.grantAccess(access))).to.equal(false);
    });
  });

  context("when a provider's key is registered or revoked again", () => {
    const keyHash = hashOf("key");

    it("answers as before", async () => {
      await ledger.providers.addKey({ provider, keyHash });
      const add = (of: typeof provider) => ledger.providers.addKey({ provider: of, keyHash });
      expect(await answered(() => add(provider))).to.equal("added");
      expect(await answered(() => add(stranger))).to.equal("taken");

      const revoked = await ledger.providers.revokeKey({ provider, keyHash });
      const again = () => ledger.providers.revokeKey({ provider, keyHash });
      expect(revoked).to.be.instanceOf(Date);
      expect(await answered(again)).to.deep.equal(revoked);
      expect(await answered(() => add(provider))).to.equal("revoked");
    });

    it("answers if the provider has no such key", async () => {
      await ledger.providers.addKey({ provider, keyHash });
      const revoke = (key: { provider: typeof provider; keyHash: typeof keyHash }) =>
        answered(() => ledger.providers.revokeKey(key));
      expect(await revoke({ provider: stranger, keyHash })).to.equal(null);
      expect(await revoke({ provider, keyHash: hashOf("unknown") })).to.equal(null);
    });
  });

  context("when a stored allowance is sent again", () => {
    it("answers with the stored one", async () => {
      const stored = await ledger.allow(payer);
      const again = await answered(() => ledger.allowances.add(stored));
      expect(again).to.deep.equal({ result: "added", allowance: stored });
    });
  });

  context("when an allowance is revoked", () => {
    it("answers if it is unknown", async () => {
      const unknown = hashOf("unknown");
      expect(await answered(() => ledger.allowances.revoke(unknown, "0x00"))).to.equal(null);
    });

    it("answers again if it was revoked before", async () => {
      const { id } = await ledger.allow(payer);
      const first = await ledger.allowances.revoke(id, "0x00");
      expect(first?.revokedAt).to.be.instanceOf(Date);
      expect(await answered(() => ledger.allowances.revoke(id, "0x00"))).to.deep.equal(first);
    });
  });

  context("when a campaign issues what it has issued", () => {
    const grant = {
      key: "one",
      spender: hashOf("granted"),
      ...TERMS,
      startsAt: null,
      expiresAt: null,
    };
    const code = { codeHash: promotionCodeHash("WELCOME"), ...TERMS, ...ONE_REDEMPTION };

    it("answers with the grants and codes of the first request", async () => {
      const { id: campaign } = await ledger.allow(payer, { limit: 100n });
      const issue = () => ledger.grants.issue(campaign, [grant], issuer);
      const addCodes = () => ledger.grants.addCodes(campaign, [code], issuer);
      const issued = await issue();
      await addCodes();
      const id = Array.isArray(issued) ? Object(issued[0]).id : undefined;
      expect(await answered(issue)).to.deep.equal([{ result: "granted", id, repeated: true }]);
      expect(await answered(addCodes)).to.deep.equal([{ result: "added", repeated: true }]);
    });

    it("answers if the campaign was revoked", async () => {
      const { id: campaign } = await ledger.allow(payer, { limit: 100n });
      await ledger.allowances.revoke(campaign, "0x00");
      const revoked = { reason: "campaign_revoked" };
      const issued = await answered(() => ledger.grants.issue(campaign, [grant], issuer));
      expect(issued).to.deep.equal(revoked);
      const added = await answered(() => ledger.grants.addCodes(campaign, [code], issuer));
      expect(added).to.deep.equal(revoked);
    });
  });

  context("when a promotion code is redeemed or closed", () => {
    const codeHash = promotionCodeHash("WELCOME");
    const [spender, other] = [hashOf("granted"), hashOf("another")];

    it("answers if the code is unknown, used up, closed or redeemed by the spender", async () => {
      const { id: campaign } = await ledger.allow(payer, { limit: 100n });
      const redeem = (by: typeof spender) =>
        ledger.grants.redeem({ campaign, codeHash, spender: by, proof: { how: "key" } });
      const refusal = async () => {
        const outcome = await answered(() => redeem(other));
        return outcome.result === "refused" ? outcome.refusal.reason : outcome.result;
      };
      expect(await refusal()).to.equal("code_not_found");
      const closeCode = () => ledger.grants.closeCode(campaign, codeHash);
      expect(await answered(closeCode)).to.equal(null);

      await ledger.grants.addCodes(campaign, [{ codeHash, ...TERMS, ...ONE_REDEMPTION }], issuer);
      const redeemed = await redeem(spender);
      expect(redeemed).to.include({ result: "redeemed", repeated: false });
      const again = await answered(() => redeem(spender));
      expect(again).to.deep.equal({ ...redeemed, repeated: true });
      expect(await refusal()).to.equal("code_used_up");

      const closed = await closeCode();
      expect(await answered(closeCode)).to.deep.equal(closed);
      expect(await refusal()).to.equal("code_closed");
    });
  });

  context("when usage is reported", () => {
    it("refuses a provider that the spender gave no access, or took it from", async () => {
      const spender = await billedSpender();
      const event = () => usageEvent({ provider: stranger, spender });
      expect(await reported(event())).to.deep.equal(["access_not_granted"]);
      await ledger.grantAccess(spender, stranger);
      await ledger.providers.revokeAccess({ spender, provider: stranger });
      expect(await reported(event(), event())).to.deep.equal([
        "access_not_granted",
        "access_not_granted",
      ]);
      expect((await ledger.usage.record([usageEvent({ provider, spender })])).map(said)) //
        .to.deep.equal(["debited"]);
    });

    it("refuses spenders without allowance, unknown meters, old and future events", async () => {
      const spender = await billedSpender();
      const event = (fields: Partial<UsageEvent>) => usageEvent({ provider, spender, ...fields });
      expect(
        await reported(
          event({ spender: hashOf("nobody's") }),
          event({ meter: "unknown" }),
          event({ occurredAt: new Date(0) }),
          event({ occurredAt: new Date(Date.now() + 3_600_000) }),
        ),
      ).to.deep.equal(["access_not_granted", "unknown_meter", "event_too_old", "event_in_future"]);
    });

    it("answers repetitions and conflicts, of this process and of an earlier one", async () => {
      const spender = await billedSpender();
      const event = usageEvent({ provider, spender });
      const [first] = await ledger.usage.record([event]);
      const repeat = () =>
        answered(() => ledger.usage.record([event, { ...event, quantity: 2n }, event]));
      for (const usage of [ledger.usage, createUsageLedger(database, RULES, newPrices())]) {
        ledger = { ...ledger, usage };
        // oxlint-disable-next-line no-await-in-loop -- one lock after the other
        const [again, conflict, twice] = await repeat();
        expect(again).to.deep.equal({ ...first, repeated: true });
        expect(said(conflict)).to.equal("event_id_conflict");
        expect(twice).to.deep.equal(again);
      }
    });

    it("answers what was refused before, until it is not", async () => {
      const { id, message } = await ledger.allow(payer, { limit: 5n });
      const { spender } = message;
      await ledger.grantAccess(spender, provider);
      const event = () => usageEvent({ provider, spender, quantity: 6n });
      const record = async () => (await ledger.usage.record([event()])).map(said);
      expect(await record()).to.deep.equal(["allowance_exhausted"]);
      expect(await reported(event())).to.deep.equal(["allowance_exhausted"]);
      await ledger.allow(payer, { spender });
      expect(await record()).to.deep.equal(["debited"]);
      await ledger.allowances.revoke(id, "0x00");
      expect(await record()).to.deep.equal(["debited"]);
    });

    it("refuses revoked allowances, those of a raised counter and of a revoked campaign", async () => {
      const terms = { ...TERMS, startsAt: null, expiresAt: null };
      const granted = hashOf("granted");
      const { id: campaign } = await ledger.allow(payer, { limit: 100n });
      await ledger.grants.issue(campaign, [{ key: "one", spender: granted, ...terms }], issuer);
      const { id, message } = await ledger.allow(payer);
      const events = () =>
        [granted, message.spender].map((spender) => usageEvent({ provider, spender }));
      await ledger.grantAccess(granted, provider);
      await ledger.grantAccess(message.spender, provider);
      const record = async () => (await ledger.usage.record(events())).map(said);
      expect(await record()).to.deep.equal(["debited", "debited"]);

      await ledger.allowances.revoke(id, "0x00");
      await ledger.allowances.revoke(campaign, "0x00");
      const revoked = ["campaign_revoked", "allowance_revoked"];
      expect(await record()).to.deep.equal(revoked);
      expect(await reported(...events())).to.deep.equal(revoked);
      await ledger.chainEvents({ type: "counter_raised", account: payer, counter: 1n });
      expect(await reported(...events())).to.deep.equal(["allowance_revoked", "allowance_revoked"]);
    });

    it("locks only the payers of events that are debited, however they are grouped", async () => {
      const spender = await billedSpender();
      const other = (await ledger.allow(stranger)).message.spender;
      const grouped = withGroupCommit(ledger.usage);
      const repeated = usageEvent({ provider: stranger, spender: other });
      await ledger.purchase(stranger, "1");
      await ledger.grantAccess(other, stranger);
      await ledger.usage.record([repeated]);

      const outcomes = await database.transaction(async (tx) => {
        await tx.query("select from accounts where address = $1 for update", [
          `\\x${stranger.slice(2)}`,
        ]);
        const requests = [
          usageEvent({ provider, spender }),
          usageEvent({ provider, spender: other }),
          repeated,
          usageEvent({ provider, spender }),
        ].map((event) => grouped.record([event]));
        return await Promise.race([Promise.all(requests), delay(5_000, [])]);
      });
      expect(outcomes.flat().map(said)).to.deep.equal([
        "debited",
        "access_not_granted",
        "debited",
        "debited",
      ]);
      expect(outcomes.flat()[2]).to.have.property("repeated", true);
    });
  });

  context("when an event is voided", () => {
    it("answers if it is unknown, voided already, or counted by a receipt", async () => {
      const { spender } = (await ledger.allow(payer)).message;
      await ledger.grantAccess(spender, provider);
      const [voided, counted] = [
        usageEvent({ provider, spender }),
        usageEvent({ provider, spender }),
      ];
      await ledger.usage.record([voided, counted]);
      const first = await ledger.usage.void(voided);
      await createReceiptRecords(database).record(provider);

      const again = (id: string) => answered(() => ledger.usage.void({ provider, id }));
      expect(first).to.include({ result: "voided", repeated: false });
      expect(await again(voided.id)).to.deep.equal({ ...first, repeated: true });
      expect(await again(counted.id)).to.include({ reason: "receipt_given" });
      expect(await again("unknown")).to.include({ reason: "event_not_found" });
    });

    it("answers if a checkpoint counts it", async () => {
      const { spender } = (await ledger.allow(payer)).message;
      await ledger.grantAccess(spender, provider);
      const event = usageEvent({ provider, spender });
      await ledger.usage.record([event]);
      await ledger.checkpoints.cut(1_000n);
      const refused = { result: "refused", reason: "already_settled", epoch: 1n };
      expect(await answered(() => ledger.usage.void(event))).to.deep.equal(refused);
    });
  });

  context("when a hold is authorized, captured or released again", () => {
    const [open, over] = [
      { provider, id: "open" },
      { provider, id: "over" },
    ];
    const capture = { eventId: "work", quantity: 3n, final: true };

    async function newHolds() {
      const { spender } = (await ledger.allow(payer)).message;
      await ledger.grantAccess(spender, provider);
      const measured = { meter: "units", dimensions: {}, quantity: 5n, ttlSeconds: 600 };
      const request = { ...open, ...measured, spender };
      await ledger.holds.authorize(request);
      await ledger.holds.authorize({ ...request, ...over });
      await ledger.holds.capture({ ...over, ...capture });
      return request;
    }

    it("answers with the hold, or that its id is in use", async () => {
      const request = await newHolds();
      const hold = await ledger.holds.find(open);
      const again = await answered(() => ledger.holds.authorize(request));
      expect(again).to.deep.equal({
        result: "held",
        hold,
        repeated: true,
        remainingMicros: null,
      });
      const other = await answered(() => ledger.holds.authorize({ ...request, quantity: 1n }));
      expect(other).to.deep.equal({ result: "refused", refusal: { reason: "hold_id_conflict" } });
    });

    it("refuses a provider that the spender gave no access", async () => {
      const request = { ...(await newHolds()), provider: stranger };
      const refusal = async () => {
        const outcome = await answered(() => ledger.holds.authorize(request));
        return outcome.result === "refused" ? outcome.refusal.reason : outcome.result;
      };
      expect(await refusal()).to.equal("access_not_granted");
      await ledger.grantAccess(request.spender, stranger);
      await ledger.providers.revokeAccess(request);
      expect(await refusal()).to.equal("access_not_granted");

      const { spender } = (
        await ledger.allow(payer, { scopeLists: { providers: [stranger], meters: [] } })
      ).message;
      const held = await ledger.holds.authorize({ ...request, spender });
      expect(held).to.include({ result: "held", repeated: false });
    });

    it("answers with the first capture, or that its event id is in use", async () => {
      await newHolds();
      const again = await answered(() => ledger.holds.capture({ ...over, ...capture }));
      expect(again).to.have.nested.property("debit.repeated", true);
      const other = await answered(() => ledger.holds.capture({ ...open, ...capture }));
      expect(other).to.have.nested.property("refusal.reason", "event_id_conflict");
    });

    it("answers if the hold is unknown or over", async () => {
      await newHolds();
      const unknown = { provider: stranger, id: open.id };
      for (const [key, reason] of [
        [unknown, "hold_not_found"],
        [over, "hold_resolved"],
      ] as const) {
        // oxlint-disable-next-line no-await-in-loop -- one lock after the other
        const captured = await answered(() =>
          ledger.holds.capture({ ...key, ...capture, eventId: "more" }),
        );
        expect(captured).to.have.nested.property("refusal.reason", reason);
        // oxlint-disable-next-line no-await-in-loop -- one lock after the other
        const released = await answered(() => ledger.holds.release(key));
        expect(released).to.have.nested.property("refusal.reason", reason);
      }
    });
  });

  context("when a receipt would say what the last one says", () => {
    it("answers with the same receipt", async () => {
      const { spender } = (await ledger.allow(payer)).message;
      await ledger.grantAccess(spender, provider);
      await ledger.usage.record([usageEvent({ provider, spender, quantity: 100n })]);
      const records = createReceiptRecords(database);
      const first = await records.record(provider);
      expect(await answered(() => records.record(provider))).to.deep.equal(first);

      await ledger.usage.record([usageEvent({ provider, spender, quantity: 100n })]);
      expect((await records.record(provider)).earned).to.equal(2n * first.earned);
    });
  });

  context("when a provider publishes or reports nothing new", () => {
    const rates = [dynamicRate({ stepSeconds: 600 }, { meter: "gpu" })];
    const proposal = { provider, effectiveFrom: null, rates };
    const report = { provider, meter: "gpu", dimensions: {}, utilisationBps: 9_000n };

    it("answers with the newest card, or why there can be no other", async () => {
      const { card } = publishedCard(await ledger.rateCards.publish(proposal));
      const again = await answered(() => ledger.rateCards.publish(proposal));
      expect(again).to.deep.equal({ published: "unchanged", card });
      const early = { ...proposal, rates: RATES, effectiveFrom: new Date(0) };
      const refused = await answered(() => ledger.rateCards.publish(early));
      expect(refused).to.have.nested.property("refusal.reason", "effective_from_not_after_newest");
    });

    it("answers that a step is too soon, and that a rate is unknown", async () => {
      await ledger.rateCards.publish(proposal);
      const stepped = await ledger.multipliers.report(report);
      const key = "step" in stepped ? stepped.rate.found.key : "";
      const names = [multiplierLockName({ provider, rateKey: key })];
      const again = await answered(() => ledger.multipliers.report(report), names);
      expect(again).to.have.property("refusal", "step_too_soon");
      const unknown = { ...report, meter: "unknown" };
      const refused = await answered(() => ledger.multipliers.report(unknown), names);
      expect(refused).to.have.property("refusal", "unknown_rate");
    });
  });

  context("when it comes over HTTP", () => {
    let http: LedgerServer;
    beforeEach(async () => {
      http = await serveLedger(ledger);
    });
    afterEach(() => http.stop());

    it("answers a redemption of a code that never was", async () => {
      const { id } = await ledger.allow(payer, { limit: 100n });
      const body = { code: "NONSENSE" };
      const answer = await answered(() =>
        http.request(`/v1/allowances/${id}/redemptions`, { body, key: createApiKey() }),
      );
      expectProblem(answer, 404, "code_not_found");
    });

    context("when a spender says something about an account", () => {
      const path = "/v1/acceptances";
      const account = payer;

      interface Sent {
        readonly body: unknown;
        readonly key?: string;
      }
      /** Each sends a word while every lock is held. */
      const accept = (sent: Sent, names: readonly string[] = []) =>
        answered(() => http.request(path, sent), names);
      const end = (sent: Sent, names: readonly string[] = []) =>
        answered(() => http.request(`${path}/end`, sent), names);

      async function offered() {
        const key = createApiKey();
        const spender = apiKeySpender(key);
        await ledger.allow(payer, { spender, proof: null });
        return { key, spender, names: [`acceptances of ${spender}`] };
      }

      it("answers what it has said before, and what it never said", async () => {
        const { key, names } = await offered();
        const body = { account };
        const wrong = { body: { account, more: 1 }, key };
        expectProblem(await accept(wrong), 400, "invalid_request");
        expectProblem(await accept({ body }), 401, "missing_credentials");
        const byStranger = { body, key: createApiKey() };
        expectProblem(await accept(byStranger), 404, "allowance_not_found");
        expectProblem(await end({ body, key }, names), 404, "acceptance_not_found");

        const first = await http.request(path, { body, key });
        const again = await accept({ body, key }, names);
        expect([first.status, again.status]).to.deep.equal([201, 200]);
        expect(again.document).to.deep.equal(first.document);
        const ended = await http.request(`${path}/end`, { body, key });
        expect((await end({ body, key }, names)).document).to.deep.equal(ended.document);
      });

      it("refuses one account more than it may accept", async () => {
        const { key, spender, names } = await offered();
        await ledger.database.query(
          `with filled as (
             insert into accounts (address)
             select decode(lpad(to_hex(n), 40, '0'), 'hex') from generate_series(1, $2::integer) n
             returning address
           )
           insert into acceptances (spender, account, accepted, how)
           select $1, address, true, 'key' from filled`,
          [`\\x${spender.slice(2)}`, ALLOWANCE_RULES.maxAccountsPerSpender],
        );
        const refused = await accept({ body: { account }, key }, names);
        expectProblem(refused, 429, "too_many_acceptances");

        const { message } = await ledger.allow(payer, { spender, proof: null });
        const again = { ...message, salt: message.salt + 1n };
        const signature = "0x00";
        const signed = { id: hashOf("new"), message: again, scope: NO_SCOPE, signature } as const;
        const added = await answered(
          () => ledger.allowances.add({ ...signed, byContract: false }, { how: "key" }),
          names,
        );
        expect(added).to.have.nested.property("refusal.reason", "too_many_accounts");

        const { id: campaign } = await ledger.allow(payer, { limit: 100n });
        const codeHash = promotionCodeHash("WELCOME");
        await ledger.grants.addCodes(campaign, [{ codeHash, ...TERMS, ...ONE_REDEMPTION }], issuer);
        const redemption = { campaign, codeHash, spender, proof: { how: "key" } } as const;
        const redeemed = await answered(() => ledger.grants.redeem(redemption), names);
        expect(redeemed).to.have.nested.property("refusal.reason", "too_many_accounts");
      });

      it("lists what it accepts and what it is offered", async () => {
        const { key, spender } = await offered();
        for (const name of ["acceptances", "offers"]) {
          const list = `/v1/spenders/${spender}/${name}`;
          // oxlint-disable-next-line no-await-in-loop -- one lock after the other
          const page = await answered(() => http.request(list, { key }));
          expect(page.status).to.equal(200);
        }
      });
    });

    it("answers a revocation of an access that never was", async () => {
      const apiKey = createApiKey();
      await ledger.allow(payer, { spender: apiKeySpender(apiKey) });
      const answer = await answered(() =>
        http.request("/v1/provider-access/revocation", { body: { provider, apiKey } }),
      );
      expectProblem(answer, 404, "access_not_found");
    });
  });
});

function said(outcome: UsageOutcome | undefined) {
  return outcome?.result === "refused" ? outcome.refusal.reason : outcome?.result;
}

function newPrices() {
  return createPriceReader(createRateIndexCache());
}

function publishedCard(result: PublishResult) {
  if (result.published === "refused") throw new Error(result.refusal.reason);
  return result;
}
