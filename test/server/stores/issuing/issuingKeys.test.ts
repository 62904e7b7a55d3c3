import { expect } from "chai";
import type { Hex } from "viem";

import { ANY_CAMPAIGN } from "@compute-credits/protocol/messages/issuingKey";
import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";
import { ISSUING_KEYS } from "../../../../server/stores/issuing/issuingKeyStore.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { answerWhileEveryLockIsHeld } from "../../../fixtures/everyLockHeld.ts";
import { type Ledger, emptyLedger, hashOf, party, usageEvent } from "../../../fixtures/ledger.ts";

const [owner, stranger, provider] = [party(1), party(2), party(3)];
const SIGNATURE = "0x5e";

const keyOf = (text: string, campaign: Hex = ANY_CAMPAIGN) => ({
  account: owner,
  keyHash: hashOf(text),
  campaign,
  counter: 0n,
});

for (const { name, open } of databaseKinds) {
  describe(`issuing keys on ${name}`, () => {
    let ledger: Ledger;
    let database: Ledger["database"];
    let grants = 0;

    before(async () => {
      database = await open();
    });
    beforeEach(async () => {
      ledger = await emptyLedger(database);
      await ledger.purchase(owner, "1");
    });
    after(() => database.close());

    const add = (message: ReturnType<typeof keyOf>) => ledger.issuingKeys.add(message, SIGNATURE);
    const revoke = (text: string, revokesGrants: boolean) =>
      ledger.issuingKeys.revoke({
        account: owner,
        keyHash: hashOf(text),
        revokesGrants,
        signature: SIGNATURE,
      });

    /** Issues grants to new spenders, which the provider may bill; the reason if refused. */
    async function issue(campaign: Hex, issuer: Hex, count = 1) {
      const requests = Array.from({ length: count }, () => ({
        key: `grant-${grants}`,
        spender: apiKeySpender(`spender ${grants++}`),
        limit: 50n,
        period: 0n,
        rollover: 0n,
        startsAt: null,
        expiresAt: null,
        priority: null,
        scope: { providers: [provider], meters: [] },
      }));
      const outcomes = await ledger.grants.issue(campaign, requests, issuer);
      if ("reason" in outcomes) return outcomes.reason;
      return requests.map(({ spender }) => spender);
    }

    async function spend(spender: Hex): Promise<string> {
      const [outcome] = await ledger.usage.record([usageEvent({ provider, spender })]);
      return outcome?.result === "refused" ? outcome.refusal.reason : "debited";
    }

    const issued = async (campaign: Hex, issuer: Hex, count = 1) => {
      const spenders = await issue(campaign, issuer, count);
      if (typeof spenders === "string") throw new Error(spenders);
      return spenders;
    };

    it("issue from all campaigns of their account, or from the one that they name", async () => {
      const [one, other] = [(await ledger.allow(owner)).id, (await ledger.allow(owner)).id];
      const foreign = (await ledger.allow(stranger)).id;
      await add(keyOf("any"));
      await add(keyOf("one", one));
      expect(await issue(one, hashOf("any"))).to.have.length(1);
      expect(await issue(other, hashOf("any"))).to.have.length(1);
      expect(await issue(one, hashOf("one"))).to.have.length(1);
      for (const [campaign, issuer] of [
        [other, hashOf("one")],
        [foreign, hashOf("any")],
        [one, hashOf("never registered")],
        [one, walletSpender(stranger)],
        [one, (await ledger.allowances.find(one))?.message.spender ?? "0x"],
      ] as const) {
        // oxlint-disable-next-line no-await-in-loop -- one request after the other
        expect(await issue(campaign, issuer)).to.equal("not_the_issuer");
      }
    });

    it("are void as soon as the account's counter is raised", async () => {
      await add(keyOf("old"));
      await ledger.chainEvents({ type: "counter_raised", account: owner, counter: 1n });
      const { id } = await ledger.allow(owner);
      expect(await issue(id, hashOf("old"))).to.equal("not_the_issuer");
      expect(await add(keyOf("late"))).to.include({ reason: "stale_counter" });
      expect(await add({ ...keyOf("early"), counter: 2n })).to.include({
        reason: "counter_not_reached",
      });
      await add({ ...keyOf("new"), counter: 1n });
      expect(await issue(id, hashOf("new"))).to.have.length(1);
    });

    it("issue nothing after their revocation, which leaves or revokes what they issued", async () => {
      const { id } = await ledger.allow(owner);
      await add(keyOf("kept"));
      await add(keyOf("undone"));
      const [kept = "0x"] = await issued(id, hashOf("kept"));
      const undone = await issued(id, hashOf("undone"), 3);
      for (const spender of [kept, ...undone]) {
        // oxlint-disable-next-line no-await-in-loop -- one debit after the other
        expect(await spend(spender)).to.equal("debited");
      }
      expect(await revoke("kept", false)).to.include({ grants: 0, hasMore: false });
      expect(await revoke("undone", true)).to.include({ grants: 3, hasMore: false });
      expect(await issue(id, hashOf("kept"))).to.equal("not_the_issuer");
      expect(await issue(id, hashOf("undone"))).to.equal("not_the_issuer");
      expect(await spend(kept)).to.equal("debited");
      for (const spender of undone) {
        // oxlint-disable-next-line no-await-in-loop -- one debit after the other
        expect(await spend(spender)).to.equal("allowance_revoked");
      }
    });

    it("are bounded per account, and taken once", async () => {
      const { openPerAccount } = ISSUING_KEYS;
      for (let n = 0; n < openPerAccount; n++) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect(await add(keyOf(`key ${n}`))).to.include({ result: "added", repeated: false });
      }
      const tooMany = { result: "refused", reason: "too_many_keys", limit: openPerAccount };
      expect(await add(keyOf("one more"))).to.deep.equal(tooMany);
      expect(await add(keyOf("key 0"))).to.include({ result: "added", repeated: true });
      const other = await add({ ...keyOf("key 0"), account: stranger });
      expect(other).to.include({ reason: "key_taken" });
      await revoke("key 0", false);
      expect(await add(keyOf("key 0"))).to.include({ reason: "key_revoked" });
      expect(await add(keyOf("one more"))).to.include({ result: "added" });

      const keyHash = hashOf("provider's");
      await ledger.providers.addKey({ provider, keyHash });
      await revoke("key 1", false);
      expect(await add({ ...keyOf(""), keyHash })).to.include({ reason: "key_taken" });
    });

    it("list each grant with its issuer, in pages of the account", async () => {
      const { id } = await ledger.allow(owner);
      await add(keyOf("key"));
      await issued(id, hashOf("key"), 2);
      await issued(id, walletSpender(owner));
      const first = await ledger.grants.ofAccount(owner, { after: null, limit: 2 });
      const after = first.at(-1)?.grant.id ?? null;
      const rest = await ledger.grants.ofAccount(owner, { after, limit: 2 });
      expect([...first, ...rest].map(({ issuer }) => issuer)).to.have.members([
        hashOf("key"),
        hashOf("key"),
        walletSpender(owner),
      ]);
      expect(await ledger.grants.ofAccount(stranger, { after: null, limit: 2 })).to.deep.equal([]);
    });

    it("stop with access the grants of an old database that a provider made for itself", async () => {
      const { id, message } = await ledger.allow(owner);
      const [own = "0x", others = "0x"] = await issued(id, walletSpender(owner), 2);
      // Before there were issuing keys, the holder of the campaign's API key issued.
      await database.query("update signed_allowances set issuer = null where campaign is not null");
      await database.query(
        "update signed_allowances set scope_providers = '{}' where spender = $1",
        [`\\x${others.slice(2)}`],
      );
      await ledger.grantAccess(message.spender, provider);
      expect(await spend(own)).to.equal("debited");
      await ledger.providers.revokeAccess({ spender: message.spender, provider });
      expect(await spend(own)).to.equal("allowance_revoked");
      const page = await ledger.grants.ofAccount(owner, { after: null, limit: 10 });
      const revoked = page.filter(({ grant }) => grant.revokedAt !== null);
      expect(revoked.map(({ grant }) => grant.message.spender)).to.deep.equal([own]);
    });

    if (name === "PostgreSQL") {
      it("take no lock if nothing changes", async () => {
        const { id } = await ledger.allow(owner);
        await add(keyOf("key"));
        expect(await answerWhileEveryLockIsHeld(database, () => add(keyOf("key")))).to.include({
          repeated: true,
        });
        expect(
          await answerWhileEveryLockIsHeld(database, () => issue(id, hashOf("unknown"))),
        ).to.equal("not_the_issuer");
        expect(await answerWhileEveryLockIsHeld(database, () => revoke("unknown", true))).to.equal(
          null,
        );
        const first = await revoke("key", false);
        expect(
          await answerWhileEveryLockIsHeld(database, () => revoke("key", false)),
        ).to.deep.equal(first);
        expect(await answerWhileEveryLockIsHeld(database, () => add(keyOf("key")))).to.include({
          reason: "key_revoked",
        });
      });
    }
  });
}
