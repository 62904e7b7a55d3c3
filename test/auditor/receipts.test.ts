import { expect } from "chai";

import { ServerRefused } from "../../auditor/log/logClient.ts";
import { type Disguise, type Scene, openAudited, person } from "../fixtures/audited.ts";
import { databaseKinds } from "../fixtures/databases.ts";
import { bytea } from "../fixtures/lies.ts";
import { refusalOf } from "../fixtures/refusalOf.ts";

const alice = person("alice");
const provider = person("provider");
const other = person("another provider");

for (const kind of databaseKinds) {
  describe(`an auditor that co-signs receipts, on ${kind.name}`, () => {
    let stage: Awaited<ReturnType<typeof openAudited>>;
    let scene: Scene;
    let spender: `0x${string}`;

    before(async () => {
      stage = await openAudited(kind);
    });
    after(() => stage.close());
    beforeEach(async () => {
      scene = await stage.begin();
      await scene.buy(alice, 1_000_000n);
      ({ spender } = (await scene.allow(alice)).message);
      await scene.ledger.grantAccess(spender, provider.address);
      await scene.ledger.grantAccess(spender, other.address);
    });

    const use = (quantity: bigint, { address } = provider) =>
      scene.use({ provider: address, spender, quantity });
    const lie = (sql: string) => scene.ledger.database.script(sql);
    /** What the promise says in the log, as a lying server changes it before the auditor looks. */
    const forge = (field: "earned" | "epoch", value: bigint) =>
      lie(`update log_notes set body = jsonb_set(body, '{${field}}', '"${value}"')
        where kind = 'receipt'`);

    async function expectAgreed(disguise?: Disguise): Promise<void> {
      const findings = await scene.audit(disguise);
      expect(findings.map(({ text }) => text)).to.deep.equal([]);
    }

    async function expectSigned(...receipts: (typeof scene.receiptSignatures)[number][]) {
      await expectAgreed();
      expect(scene.receiptSignatures).to.deep.equal(receipts);
      expect(scene.refusedReceipts()).to.deep.equal([]);
    }

    it("signs one before any checkpoint holds it, once, and the next one when more was earned", async () => {
      await use(100n);
      const first = await scene.promise(provider);
      expect(first).to.deep.equal({ provider: provider.address, earned: 98n, epoch: 1n });
      await expectSigned(first);
      await scene.promise(provider);
      await expectSigned(first);

      await use(50n);
      const second = await scene.promise(provider);
      await expectSigned(first, second);
      scene.restart();
      await expectSigned(first, second);
    });

    it("adds what was earned since the last checkpoint to its row, and takes voids off", async () => {
      await use(100n);
      const early = await use(30n);
      await scene.finalise(await scene.cut());
      await expectAgreed();
      const late = await use(50n);
      await use(20n);
      await scene.ledger.usage.void({ provider: provider.address, id: late.id });
      expect(
        await scene.ledger.usage.void({ provider: provider.address, id: early.id }),
      ).to.deep.include({ reason: "already_settled" });
      const receipt = await scene.promise(provider);
      // The fee of each event is rounded down.
      expect(receipt).to.deep.include({ earned: 98n + 30n + 20n, epoch: 2n });
      await expectSigned(receipt);
    });

    it("signs one of the epoch of a dropped checkpoint", async () => {
      await use(100n);
      const dropped = await scene.cut();
      await expectAgreed();
      await scene.drop(dropped);
      await use(10n);
      const receipt = await scene.promise(provider);
      expect(receipt).to.deep.include({ earned: 108n, epoch: 1n });
      await expectSigned(receipt);
    });

    it("when an event of a dropped checkpoint was voided: waits until the next one is agreed", async () => {
      const event = await use(100n);
      await use(10n);
      const dropped = await scene.cut();
      await expectAgreed();
      await scene.drop(dropped);
      await scene.ledger.usage.void({ provider: provider.address, id: event.id });
      const receipt = await scene.promise(provider);
      expect(receipt).to.deep.include({ earned: 10n, epoch: 1n });
      await expectSigned();
      await scene.cut();
      await expectSigned(receipt);
    });

    it("counts each charge once: after a restart, and when a checkpoint divides what was seen", async () => {
      await use(100n);
      await expectAgreed();
      scene.restart();
      await use(50n);
      await scene.cut();
      for (let event = 0; event < 9; event++) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await use(20n);
        // oxlint-disable-next-line no-await-in-loop
        await use(30n, other);
      }
      let isHidden = true;
      const disguise: Disguise = (source) => ({
        ...source,
        cuts: async (after) => (isHidden ? [] : await source.cuts(after)),
      });
      await expectAgreed(disguise);
      isHidden = false;
      await expectAgreed();
      await scene.promise(provider);
      await forge("earned", 98n + 49n + 9n * 20n + 1n);
      const honest = await scene.promise(other);
      expect(honest).to.deep.include({ earned: 9n * 30n });
      await expectAgreed();
      expect(scene.refusedReceipts()).to.have.length(1);
      expect(scene.refusedReceipts()[0]).to.include("promises 1 more");
      expect(scene.receiptSignatures).to.deep.equal([honest]);
    });

    for (const isHeld of [true, false]) {
      const where = isHeld ? "in the last checkpoint" : "beyond it";
      it(`counts nothing again that it has seen ${where}, although the server shows it again`, async () => {
        await use(100n);
        if (isHeld) await scene.cut();
        await expectAgreed();
        scene.restart();
        await use(10n);
        await scene.promise(provider);
        await forge("earned", 98n + 10n + 98n);
        await expectAgreed((source) => ({
          ...source,
          page: async (window, cursor) => await source.page({ ...window, since: null }, cursor),
        }));
        expect(scene.refusedReceipts()[0]).to.include("promises 98 more");
      });
    }

    it("counts nothing that was voided", async () => {
      const { id } = await use(50n);
      await use(10n);
      await scene.ledger.usage.void({ provider: provider.address, id });
      await scene.promise(provider);
      await forge("earned", 11n);
      await expectAgreed();
      expect(scene.refusedReceipts()[0]).to.include("promises 1 more than its earnings in the log");
      expect(scene.receiptSignatures).to.deep.equal([]);
    });

    it("refuses one that promises more than the log shows up to it, and signs the others", async () => {
      await use(100n);
      await use(40n, other);
      await scene.promise(provider);
      await forge("earned", 99n);
      // Earned after the promise: it does not count.
      await use(500n);
      const good = await scene.promise(other);
      await expectAgreed();
      expect(scene.receiptSignatures).to.deep.equal([good]);
      expect(scene.refusedReceipts()).to.deep.equal([
        `the receipt of ${provider.address}, 99 micro-credits from epoch 1 on, promises 1 more than its earnings in the log up to it, 98`,
      ]);
    });

    it("refuses one that is lower than an earlier one, or begins later than the next epoch", async () => {
      await use(100n);
      const first = await scene.promise(provider);
      await expectSigned(first);
      await lie(`insert into log_notes (kind, body)
        select kind, jsonb_set(body, '{earned}', '"97"') from log_notes where kind = 'receipt'`);
      await expectAgreed();
      expect(scene.refusedReceipts()[0]).to.include("is lower than an earlier one of 98");
      expect(scene.receiptSignatures).to.deep.equal([first]);

      await use(40n, other);
      await scene.promise(other);
      await lie(`update log_notes set body = jsonb_set(body, '{epoch}', '"2"')
        where kind = 'receipt' and body->>'provider' = '${other.address}'`);
      await expectAgreed();
      expect(scene.refusedReceipts().join()).to.include("begins too late: the next epoch is 1");
    });

    it("does not sign one of an epoch whose checkpoint does not hold it: it could drop that one", async () => {
      await use(100n);
      await scene.cut();
      await expectAgreed();
      await use(100n);
      await scene.promise(provider);
      await forge("epoch", 1n);
      await expectSigned();
    });

    it("signs one that a checkpoint overtook, once it has agreed with that one", async () => {
      await use(100n);
      const receipt = await scene.promise(provider);
      await scene.cut();
      await use(100n);
      await expectSigned(receipt);
      scene.restart();
      await expectSigned(receipt);
    });

    it("signs none of a dropped checkpoint's epoch or before that the next one has to pay", async () => {
      await use(100n);
      await scene.finalise(await scene.cut());
      await use(10n);
      const dropped = await scene.cut();
      await expectAgreed();
      await scene.drop(dropped);
      await scene.promise(provider);
      await forge("epoch", 1n);
      await expectSigned();
    });

    it("does not sign while a checkpoint is cut that it has not audited yet", async () => {
      await use(100n);
      let late = 0;
      // The checkpoint is cut while the auditor reads the log.
      const disguise: Disguise = (source) => ({
        ...source,
        async page(...asked) {
          const page = await source.page(...asked);
          if (late++ === 0) await scene.cut();
          return page;
        },
      });
      const receipt = await scene.promise(provider);
      await expectAgreed(disguise);
      expect((await scene.ledger.checkpoints.latest())?.message.epoch).to.equal(1n);
      await expectSigned(receipt);
    });

    it("does not sign while it refuses a checkpoint", async () => {
      await use(100n);
      await lie("update debits set amount_micros = amount_micros + 1");
      await lie(`update accounts set spent = spent + 1 where address = ${bytea(alice.address)};
        update earnings set earned = earned + 1`);
      await scene.cut();
      await use(10n);
      await scene.promise(provider);
      expect(await scene.audit()).to.have.length(1);
      expect(scene.receiptSignatures).to.deep.equal([]);
    });

    it("when its signature of the checkpoint cannot be sent: records the log, and signs no receipt", async () => {
      await use(100n);
      await scene.cut();
      await use(10n);
      const receipt = await scene.promise(provider);
      let isDown = true;
      const disguise: Disguise = (source) => ({
        ...source,
        async cosign(...asked) {
          if (isDown) throw new Error("the server does not answer");
          await source.cosign(...asked);
        },
      });
      expect(await refusalOf(scene.audit(disguise))).to.include("does not answer");
      expect(await scene.database.query("select from receipts_ahead")).to.have.length(1);
      expect(scene.receiptSignatures).to.deep.equal([]);
      isDown = false;
      await expectSigned(receipt);
    });

    it("signs nothing while the contract does not count its key, and from its takeover on", async () => {
      scene.countSigner(false);
      await use(100n);
      const cut = await scene.cut();
      await use(10n);
      const receipt = await scene.promise(provider);
      await expectSigned();
      expect(scene.signatures).to.deep.equal([]);
      scene.countSigner(true);
      await expectSigned(receipt);
      expect(scene.signatures).to.deep.equal([{ epoch: 1n, root: cut.message.root }]);
    });

    it("while the server has read more of the chain: says so, and signs nothing", async () => {
      const { chainStore, blocks } = scene.ledger;
      const from = await chainStore.cursor();
      const block = { number: from.number + 1n, hash: from.hash, time: new Date() };
      const place = { blockNumber: block.number, blockTime: block.time, logIndex: 0 };
      const bought = { type: "purchased", account: alice.address, payer: alice.address } as const;
      const amounts = { amountMicros: 1n, tokenAmount: 1n, transactionHash: from.hash };
      const step = { from, upTo: block, events: [{ ...bought, ...amounts, ...place }] };
      await chainStore.apply(step);
      await use(100n);
      await scene.cut();
      await expectAgreed();
      expect(scene.waitsForChain()?.text).to.include(`up to block ${block.number}`);
      expect(scene.signatures).to.deep.equal([]);
      blocks.push(step);
      await expectAgreed();
      expect(scene.waitsForChain()).to.equal(null);
      expect(scene.signatures).to.have.length(1);
    });

    it("signs no checkpoint that pays less than a receipt it signed, wherever the server put that since", async () => {
      await use(100n);
      await expectSigned(await scene.promise(provider));
      // As if the receipt, and what it promises, were recorded only after the next cut.
      await scene.database.script(
        `update receipts_ahead set earned = 147, transaction = ${2n ** 40n}`,
      );
      await scene.cut();
      const [finding] = await scene.audit();
      expect(finding).to.include({ kind: "receipt_not_paid", differenceMicros: -49n });
      expect(scene.signatures).to.deep.equal([]);
    });

    it("tells why the server does not take a signature, signs the others, and tries again", async () => {
      await use(100n);
      await use(40n, other);
      const mine = await scene.promise(provider);
      const others = await scene.promise(other);
      let isDown = true;
      const disguise: Disguise = (source) => ({
        ...source,
        async cosignReceipt(message, signed) {
          if (isDown && message.provider === provider.address) {
            throw new ServerRefused("/v1/receipts", 503, {
              reason: "metering_stopped",
              detail: "the ledger is behind",
            });
          }
          return await source.cosignReceipt(message, signed);
        },
      });
      await expectAgreed(disguise);
      expect(scene.receiptSignatures).to.deep.equal([others]);
      expect(scene.refusedReceipts()[0]).to.include("metering_stopped");
      isDown = false;
      await expectSigned(others, mine);
    });
  });
}
