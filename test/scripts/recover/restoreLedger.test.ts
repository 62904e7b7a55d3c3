import { expect } from "chai";

import type { Database } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import { sampled } from "../../fixtures/effort.ts";
import { hashOf } from "../../fixtures/ledger.ts";
import { ALICES_KEY, ledgerHistory, provider } from "../../fixtures/ledgerHistory.ts";
import { ledgerRows } from "../../fixtures/ledgerRows.ts";
import { type RestoreRig, expectRows, useRestoreRig } from "../../fixtures/restoreRig.ts";

const STEPS = ledgerHistory().length;

describe("a ledger that is restored from a copy of its log", () => {
  const openRig = useRestoreRig();
  let rig: RestoreRig;

  beforeEach(() => {
    rig = openRig();
  });

  /** A server goes on with the ledger, and the auditor that followed it before signs. */
  async function goesOn(restored: Database): Promise<void> {
    const later = await rig.startOn(restored);
    const pending = await later.ledger.checkpoints.latest();
    expect(await later.audit()).to.deep.equal([]);
    if (pending !== null) await later.finalise(pending);
    await later.use({ provider: provider.address, spender: ALICES_KEY, quantity: 4n });
    const next = await later.cut();
    expect(await later.audit()).to.deep.equal([]);
    const { epoch, root } = next.message;
    expect(later.signatures.at(-1)).to.deep.equal({ epoch, root });
  }

  for (const backUpAfter of sampled([5, 11, 1, 3, 8, STEPS], 1)) {
    it(`has all that it had, with a backup of after step ${backUpAfter} of ${STEPS}`, async () => {
      await rig.live(backUpAfter);
      const before = await ledgerRows(rig.database);
      await rig.restoreBackup();
      expect((await rig.recover()).findingCount).to.equal(0);
      await expectRows(rig.database, before);
      await goesOn(rig.database);
    });
  }

  it("has all that it had, without any backup", async () => {
    await rig.live(0);
    const empty = await rig.empty();
    expect((await rig.recover(empty)).findingCount).to.equal(0);
    await expectRows(empty, await ledgerRows(rig.database));
    const paidBefore = await empty.query(
      `select from debits d where d.recorded_at <
         (select min(p.recorded_at) from purchases p where p.account = d.account)`,
    );
    expect(paidBefore, "debits of before their account's first purchase").to.deep.equal([]);
    const { ledger } = await rig.startOn(empty);
    expect(await ledger.past.before(new Date())).to.include({ addsUp: true });
    await goesOn(empty);
  });

  it("stays as it is if it has what the copy does not have", async () => {
    await rig.live(0);
    await rig.scene.use({ provider: provider.address, spender: ALICES_KEY });
    const before = await ledgerRows(rig.database);
    expect(await rig.recover().catch(messageOf)).to.include(
      "This database has log entries that the copy does not have.",
    );
    await expectRows(rig.database, before);
  });

  it("stays as it is if the copy is of another history", async () => {
    await rig.live(0);
    await rig.database.query("update log_segments set head = $1 where number = 2", [
      bytea(hashOf("x")),
    ]);
    const before = await ledgerRows(rig.database);
    expect(await rig.recover().catch(messageOf)).to.include("differ in segment 2 of the log");
    await expectRows(rig.database, before);
  });

  it("stays as it is if an auditor would object to the log", async () => {
    await rig.live(5);
    await rig.restoreBackup();
    // The endpoints do not have an event that the log names.
    for (const { events } of rig.scene.ledger.blocks) {
      const at = events.findIndex((one) => one.type === "purchased" && one.amountMicros === 500n);
      if (at >= 0) events.splice(at, 1);
    }
    const before = await ledgerRows(rig.database);
    expect(await rig.recover().catch(messageOf)).to.match(
      /would object to the log.*\n.*the server recorded an event/,
    );
    await expectRows(rig.database, before);
  });

  it("logs what comes next after all that the copy knows of", async () => {
    await rig.live(STEPS - 1);
    // Transactions without an entry, before the last segment: its snapshot is far beyond its entries.
    for (let n = 0; n < 60; n++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await rig.database.query("select pg_current_xact_id()");
    }
    await rig.scene.use({ provider: provider.address, spender: ALICES_KEY, quantity: 1n });
    const { upTo } = await rig.copy();
    await rig.restoreBackup();
    await rig.recover();
    const later = await rig.startOn(rig.database);
    await later.use({ provider: provider.address, spender: ALICES_KEY, quantity: 1n });
    expect((await rig.copy()).upTo).to.equal(upTo + 1n);
  });
});

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
