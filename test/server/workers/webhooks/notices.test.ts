import { expect } from "chai";
import type { Address } from "viem";

import { type Check, WorkerHealth } from "@compute-credits/platform/process/health";
import { createMeteringGate } from "../../../../server/meteringGate.ts";
import { createNoticeStore } from "../../../../server/stores/webhooks/postgresNoticeStore.ts";
import { noticeWorker } from "../../../../server/workers/webhooks/noticeWorker.ts";
import { postgres } from "../../../fixtures/databases.ts";
import { type Ledger, openLedger, party, usageEvent } from "../../../fixtures/ledger.ts";
import { addWebhook, ofAccount, takeEvents } from "../../../fixtures/webhooks.ts";

const provider = party(2);
const operator = { party: "operator", address: null } as const;
let accounts = 100;

const secondsAhead = (seconds: number) => BigInt(Math.floor(Date.now() / 1_000) + seconds);

describe("events that time brings", () => {
  let ledger: Ledger;
  let account: Address;

  before(async () => (ledger = await openLedger(await postgres.open())));
  after(() => ledger.database.close());
  beforeEach(async () => {
    account = party(accounts++);
    await ledger.purchase(account, "1");
    await ledger.database.query("delete from webhook_endpoints");
    await ledger.database.query("delete from webhook_alarms");
    await takeEvents(ledger.database);
  });

  /** What one server repeats. */
  function server(alarms: readonly Check[] = []) {
    const health = new WorkerHealth();
    health.raise(alarms, "a test");
    const worker = noticeWorker({
      notices: createNoticeStore(ledger.database),
      insight: ledger.insight,
      health,
      gate: createMeteringGate(),
    });
    return { health, step: () => worker.step() };
  }
  const taken = () => takeEvents(ledger.database);
  const kinds = async () => (await taken()).map(({ kind }) => kind);
  /** As if so much time had passed since the last look. */
  const lookAgain = () =>
    ledger.database.query(
      "update webhook_endpoints set runway_checked_at = '-infinity', expiring_until = expiring_until - 61",
    );

  it("allowance.expiring comes once, for what ends soon and still counts", async () => {
    const soon = await ledger.allow(account, { expiresAt: secondsAhead(600) });
    await ledger.allow(account, { expiresAt: secondsAhead(100_000) });
    await ledger.allow(account);
    await ledger.allow(account, { expiresAt: secondsAhead(600), proof: null });
    const revoked = await ledger.allow(account, { expiresAt: secondsAhead(600) });
    await ledger.database.query("update allowance_usage set revoked_at = now() where id = $1", [
      `\\x${revoked.id.slice(2)}`,
    ]);
    await addWebhook(ledger.database, ofAccount(account), ["allowance.expiring"], {
      thresholds: { expiringWithinSeconds: 3_600 },
    });
    const [first, second] = [server(), server()];
    await Promise.all([first.step(), second.step()]);
    const { spender, expiresAt } = soon.message;
    expect(await taken()).to.deep.equal([
      {
        kind: "allowance.expiring",
        party: "account",
        body: { account, allowance: soon.id, spender, expiresAt: `${expiresAt}` },
      },
    ]);
    await second.step();
    expect(await kinds()).to.deep.equal([]);
  });

  it("runway.short comes once until the runway was long again", async () => {
    const { message } = await ledger.allow(account);
    await ledger.grantAccess(message.spender, provider);
    await addWebhook(ledger.database, ofAccount(account), ["runway.short"], {
      thresholds: { runwayBelowSeconds: 7 * 86_400 },
    });
    const [first, second] = [server(), server()];
    await first.step();
    expect(await kinds()).to.deep.equal([]);
    await ledger.usage.record([
      usageEvent({ provider, spender: message.spender, quantity: 500_000n }),
    ]);
    await lookAgain();
    await Promise.all([first.step(), second.step()]);
    const [event, ...others] = await taken();
    expect(others).to.deep.equal([]);
    expect(event?.body).to.deep.include({ account, belowSeconds: "604800" });
    expect(Number(event?.body["secondsToZero"])).to.be.within(86_000, 87_000);
    await lookAgain();
    await first.step();
    expect(await kinds()).to.deep.equal([]);

    await ledger.purchase(account, "9");
    await lookAgain();
    await first.step();
    await ledger.usage.record([
      usageEvent({ provider, spender: message.spender, quantity: 8_000_000n }),
    ]);
    await lookAgain();
    await first.step();
    expect(await kinds()).to.deep.equal(["runway.short"]);
  });

  it("an alarm comes once from all servers, if it lasts, and its end after a minute", async () => {
    await addWebhook(ledger.database, operator, ["alarm.raised", "alarm.ended"]);
    const alarm = { name: "signatures", error: null, warning: "a co-signer is missing: ask it" };
    const [first, second] = [server([alarm]), server([alarm])];
    await first.step();
    expect(await kinds()).to.deep.equal([]);
    await Promise.all([first.step(), second.step().then(() => second.step())]);
    expect(await taken()).to.deep.equal([
      {
        kind: "alarm.raised",
        party: "operator",
        body: { name: alarm.name, message: alarm.warning },
      },
    ]);
    first.health.raise([], "a test");
    await first.step();
    expect(await kinds()).to.deep.equal([]);
    await ledger.database.query(
      "update webhook_alarms set seen_at = seen_at - interval '61 seconds'",
    );
    await first.step();
    await second.step();
    expect((await kinds())[0]).to.equal("alarm.ended");
  });

  it("a checkpoint is submitted, final, and owes what can be claimed; another is dropped", async () => {
    const earner = party(3);
    const { message } = await ledger.allow(account);
    await ledger.grantAccess(message.spender, earner);
    const debit = () =>
      ledger.usage.record([
        usageEvent({ provider: earner, spender: message.spender, quantity: 100_000n }),
      ]);
    const submit = async (finalInSeconds: number) => {
      const cut = await ledger.checkpoints.cut(1_000n);
      if (cut === null) throw new Error("nothing was cut");
      const { epoch, root } = cut.message;
      const finalAt = new Date(Date.now() + finalInSeconds * 1_000);
      await ledger.chainEvents({ type: "checkpoint_submitted", epoch, root, finalAt });
      return { epoch, root, spent: cut.message.spent };
    };
    const first = server();
    await first.step();
    await addWebhook(ledger.database, operator, [
      "checkpoint.submitted",
      "checkpoint.final",
      "checkpoint.dropped",
    ]);
    await addWebhook(ledger.database, { party: "provider", address: earner }, [
      "settlement.claimable",
    ]);
    await debit();
    const { epoch, root, spent } = await submit(0);
    const [submitted] = await taken();
    expect(submitted).to.deep.include({ kind: "checkpoint.submitted", party: null });
    expect(submitted?.body).to.deep.include({ epoch: `${epoch}`, root, spentMicros: `${spent}` });
    await ledger.chainEvents();
    await Promise.all([first.step(), server().step()]);
    const final = await taken();
    expect(final.map(({ kind }) => kind)).to.deep.equal([
      "checkpoint.final",
      "settlement.claimable",
    ]);
    expect(final[1]?.body).to.deep.equal({
      party: earner,
      epoch: `${epoch}`,
      earnedMicros: "98000",
      refundedMicros: "0",
    });
    await first.step();
    expect(await kinds()).to.deep.equal([]);

    await debit();
    const next = await submit(3_600);
    await ledger.chainEvents({ type: "checkpoint_dropped", epoch: next.epoch, root: next.root });
    expect(await kinds()).to.deep.equal(["checkpoint.submitted", "checkpoint.dropped"]);
    await first.step();
    expect(await kinds()).to.deep.equal([]);
  });
});
