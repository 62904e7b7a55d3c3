import { expect } from "chai";
import type { Hex } from "viem";

import { available } from "@compute-credits/rules/accounts/account";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, openLedger, party, usageEvent } from "../../../fixtures/ledger.ts";

const provider = party(2_000);

for (const { name, open } of databaseKinds) {
  describe(`voids on ${name}`, () => {
    let ledger: Ledger;
    const account = party(3_000);
    let spender: Hex;

    before(async () => {
      ledger = await openLedger(await open());
      await ledger.purchase(account, "10");
      ({
        message: { spender },
      } = await ledger.allow(account, { limit: 4_000_000n }));
      await ledger.grantAccess(spender, provider);
    });
    after(() => ledger.database.close());

    it("return exactly what each allowance paid, once", async () => {
      const event = usageEvent({ provider, spender, quantity: 4_000_000n });
      await ledger.usage.record([event]);
      const outcome = await ledger.usage.void(event);
      expect(outcome).to.deep.include({
        result: "voided",
        amountMicros: 4_000_000n,
        repeated: false,
      });
      const again = await ledger.usage.void(event);
      expect(again).to.deep.equal({ ...outcome, repeated: true });

      const balance = await ledger.accounts.balance(account);
      expect([balance.spent, available(balance)]).to.deep.equal([0n, 10_000_000n]);
      expect((await ledger.accounts.balance(provider)).earned).to.equal(0n);
      const [allowance] = await ledger.allowances.ofAccount(account);
      expect(allowance?.usage).to.deep.include({ periodSpentMicros: 0n, spentMicros: 0n });
    });

    it("keep the event's id used, so that a repetition is not charged", async () => {
      const event = usageEvent({ provider, spender, quantity: 1_000_000n });
      await ledger.usage.record([event]);
      await ledger.usage.void(event);
      const [outcome] = await ledger.usage.record([event]);
      expect(outcome).to.deep.include({ result: "debited", repeated: true });
      expect((await ledger.accounts.balance(account)).spent).to.equal(0n);
    });

    it("are refused for another provider's event and for an unknown one", async () => {
      const event = usageEvent({ provider, spender });
      await ledger.usage.record([event]);
      const refused = { result: "refused", reason: "event_not_found" };
      expect(await ledger.usage.void({ ...event, provider: party(9) })).to.deep.equal(refused);
      expect(await ledger.usage.void({ provider, id: "nowhere" })).to.deep.equal(refused);
    });

    it("are refused for an event in a checkpoint", async () => {
      const event = usageEvent({ provider, spender, quantity: 7n });
      await ledger.usage.record([event]);
      const cut = await ledger.checkpoints.cut(1_000n);
      expect(cut?.message.epoch).to.equal(1n);
      expect(await ledger.usage.void(event)).to.deep.equal({
        result: "refused",
        reason: "already_settled",
        epoch: 1n,
      });
    });

    it("never make a checkpoint's row decrease if voids and cuts run at once", async () => {
      for (let round = 0; round < 10; round++) {
        const event = usageEvent({ provider, spender, quantity: 1_000n });
        await ledger.usage.record([event]);
        const before = await ledger.checkpoints.latest();
        if (before !== null) {
          await ledger.chainEvents({
            type: "checkpoint_submitted",
            epoch: before.message.epoch,
            root: before.message.root,
            finalAt: new Date(0),
          });
        }
        const [voided, cut] = await Promise.all([
          ledger.usage.void(event),
          ledger.checkpoints.cut(1_000n),
        ]);
        const { spent } = await ledger.accounts.balance(account);
        if (cut !== null) expect(spent >= cut.message.spent).to.equal(true);
        if (voided.result === "refused") expect(voided.reason).to.equal("already_settled");
      }
    });
  });
}
