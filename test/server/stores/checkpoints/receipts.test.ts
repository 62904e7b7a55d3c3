import { expect } from "chai";
import { hashTypedData, recoverAddress } from "viem";
import { privateKeyToAccount } from "viem/accounts";

import { earningsReceiptTypedData } from "@compute-credits/protocol/messages/earningsReceipt";
import { createLocalSigner } from "@compute-credits/platform/chain/localSigner";
import { createReceiptRecords } from "../../../../server/stores/checkpoints/postgresReceiptRecords.ts";
import { createReceiptStore } from "../../../../server/stores/checkpoints/signedReceipts.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import {
  type Ledger,
  deployment,
  openLedger,
  party,
  usageEvent,
} from "../../../fixtures/ledger.ts";

const provider = party(1_000);
const KEYS = [`0x${"52".repeat(32)}`, `0x${"53".repeat(32)}`] as const;

for (const { name, open } of databaseKinds) {
  describe(`earnings receipts on ${name}`, () => {
    let ledger: Ledger;
    let spender: `0x${string}`;
    const receipts = () =>
      createReceiptStore(
        deployment,
        createReceiptRecords(ledger.database),
        KEYS.map(createLocalSigner),
      );

    beforeEach(async () => {
      ledger = await openLedger(await open());
      await ledger.purchase(party(1), "1000");
      ({ spender } = (await ledger.allow(party(1))).message);
      await ledger.grantAccess(spender, provider);
    });
    afterEach(() => ledger.database.close());

    it("state the recorded earnings and the next epoch, signed by all signers in ascending order", async () => {
      await ledger.usage.record([usageEvent({ provider, spender, quantity: 1_000_000n })]);
      const { message, signatures } = await receipts().issue(provider);

      // The fee is 2 %.
      expect(message).to.deep.equal({ provider, earned: 980_000n, epoch: 1n });
      const digest = hashTypedData(earningsReceiptTypedData(deployment, message));
      const signers = KEYS.map((key) => privateKeyToAccount(key).address.toLowerCase()).toSorted();
      expect(signatures.map(({ signer }) => signer)).to.deep.equal(signers);
      const recovered = await Promise.all(
        signatures.map(({ signature }) => recoverAddress({ hash: digest, signature })),
      );
      expect(recovered.map((address) => address.toLowerCase())).to.deep.equal(signers);
    });

    it("name the epoch after a checkpoint that is already cut", async () => {
      await ledger.usage.record([usageEvent({ provider, spender, quantity: 1_000_000n })]);
      await ledger.checkpoints.cut(1_000n);
      await ledger.usage.record([usageEvent({ provider, spender, quantity: 1_000_000n })]);
      const { message } = await receipts().issue(provider);
      expect(message).to.deep.equal({ provider, earned: 1_960_000n, epoch: 2n });
    });

    it("block voids of the events that they count, but not of later ones", async () => {
      const [counted, later] = [
        usageEvent({ provider, spender, quantity: 1_000_000n }),
        usageEvent({ provider, spender, quantity: 1_000_000n }),
      ];
      await ledger.usage.record([counted]);
      await receipts().issue(provider);
      await ledger.usage.record([later]);

      expect(await ledger.usage.void(counted)).to.deep.equal({
        result: "refused",
        reason: "receipt_given",
      });
      expect(await ledger.usage.void(later)).to.include({ result: "voided" });
      // Another provider's receipt does not matter.
      await receipts().issue(party(1_001));
      expect((await receipts().issue(provider)).message.earned).to.equal(980_000n);
    });

    it("are paid by every checkpoint under concurrent debits, voids and cuts", async () => {
      const promised: { earned: bigint; epoch: bigint }[] = [];
      const rounds = Array.from({ length: 6 }, (_, round) => round);
      await Promise.all([
        ...rounds.map(async () => {
          const event = usageEvent({ provider, spender, quantity: 1_000_000n });
          await ledger.usage.record([event]);
          await ledger.usage.void(event);
          await ledger.usage.record([usageEvent({ provider, spender, quantity: 1_000_000n })]);
        }),
        ...rounds.map(async () => promised.push((await receipts().issue(provider)).message)),
        ledger.checkpoints.cut(1_000n),
      ]);

      const cut = (await ledger.checkpoints.latest()) ?? (await ledger.checkpoints.cut(1_000n));
      if (cut === null) throw new Error("nothing was cut");
      const earned = (await ledger.accounts.balance(provider)).earned;
      for (const receipt of promised) {
        expect(receipt.earned <= earned).to.equal(true);
        if (receipt.epoch <= cut.message.epoch) {
          expect(receipt.earned <= cut.message.earned).to.equal(true);
        }
      }
    });
  });
}
