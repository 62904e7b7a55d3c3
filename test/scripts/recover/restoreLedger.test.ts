import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { zeroHash } from "viem";

import type { Database } from "@compute-credits/platform/postgres/database";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { bytea } from "@compute-credits/platform/postgres/values";
import { openMirrorFolder } from "../../../auditor/mirror/mirrorFolder.ts";
import { claimAuditor } from "../../../auditor/store/claimAuditor.ts";
import { eventually } from "../../../scripts/local/eventually.ts";
import {
  type OwnPostgresServer,
  createDatabase,
  startPostgres,
} from "../../../scripts/local/postgresServer.ts";
import { type RestoredLedger, restoreLedger } from "../../../scripts/recover/restoreLedger.ts";
import { classifySignatures } from "../../../server/stores/allowances/classifySignatures.ts";
import { claimDatabase } from "../../../server/stores/chain/claimDatabase.ts";
import { migrateLedger } from "../../../server/stores/migrateLedger.ts";
import { sampled } from "../../fixtures/effort.ts";
import { type Scene, openScene } from "../../fixtures/audited.ts";
import { deployment, hashOf, openLedger } from "../../fixtures/ledger.ts";
import { copyLog } from "../../../scripts/local/ledgerCopy.ts";
import { ALICES_KEY, ledgerHistory, provider } from "../../fixtures/ledgerHistory.ts";
import { type LedgerRows, ledgerRows } from "../../fixtures/ledgerRows.ts";
import { newAuditorDatabase } from "../../fixtures/postgresServer.ts";

const ORIGIN = { number: 0n, hash: zeroHash, time: new Date(0) };
const STEPS = ledgerHistory().length;

describe("a ledger that is restored from a copy of its log", () => {
  let postgres: OwnPostgresServer;
  let folder: string;
  let database: Database;
  let auditorDatabase: Database;
  let scratch: Database;
  let scene: Scene;

  before(async () => {
    postgres = await startPostgres({ fsync: "off" });
  });
  after(async () => postgres?.stop());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "compute-credits-copy-"));
    [database, auditorDatabase, scratch] = await Promise.all([
      openPgDatabase(await createDatabase(postgres), 10),
      openPgDatabase(await newAuditorDatabase(), 10),
      openPgDatabase(await newAuditorDatabase(), 10),
    ]);
    await migrateLedger(database);
    scene = await openScene(await openLedger(database), auditorDatabase);
  });
  afterEach(async () => {
    await Promise.all([database.close(), auditorDatabase.close(), scratch.close()]);
    await rm(folder, { recursive: true });
  });

  /** Takes all steps, with a copy of the log after each, and a backup after one of them. */
  async function live(backUpAfter: number): Promise<void> {
    for (const [index, step] of ledgerHistory().entries()) {
      // oxlint-disable no-await-in-loop -- one after the other
      await step.run(scene).catch((error: unknown) => {
        throw new Error(`step "${step.name}"`, { cause: error });
      });
      await copyLog(database, { folder, deployment });
      if (index + 1 !== backUpAfter) continue;
      await postgres.kill();
      postgres.backUp();
      await restart();
      // oxlint-enable no-await-in-loop
    }
  }

  async function restart(): Promise<void> {
    await postgres.restart();
    await eventually("the database", () =>
      database.query("select").then(
        () => true,
        () => false,
      ),
    );
  }

  async function recover(into = database): Promise<RestoredLedger> {
    const first = { feeBps: 200n, maxQuoteSeconds: 3_600 };
    await claimAuditor(scratch, deployment, ORIGIN, first);
    return await restoreLedger({
      ...scene.deps,
      database: into,
      scratch,
      folder: await openMirrorFolder(folder),
      blockPoint: (number) => Promise.resolve(pointOf(number)),
      isSigned: () => false,
      acceptsFindings: false,
    });
  }

  function pointOf(number: bigint) {
    const block = scene.ledger.blocks.find(({ upTo }) => upTo.number === number);
    return block?.upTo ?? ORIGIN;
  }

  /** A server goes on with the ledger, and the auditor that followed it before signs. */
  async function goesOn(restored: Database): Promise<void> {
    const { blocks } = scene.ledger;
    await classifySignatures(restored);
    const ledger = await openLedger(restored);
    ledger.blocks.push(...blocks);
    const later = await openScene(ledger, auditorDatabase);
    const pending = await ledger.checkpoints.latest();
    expect(await later.audit()).to.deep.equal([]);
    if (pending !== null) await later.finalise(pending);
    await later.use({ provider: provider.address, spender: ALICES_KEY, quantity: 4n });
    const next = await later.cut();
    expect(await later.audit()).to.deep.equal([]);
    expect(later.signatures.at(-1)).to.deep.equal({
      epoch: next.message.epoch,
      root: next.message.root,
    });
  }

  for (const backUpAfter of sampled([5, 11, 1, 3, 8, STEPS], 1)) {
    it(`has all that it had, with a backup of after step ${backUpAfter} of ${STEPS}`, async () => {
      await live(backUpAfter);
      const before = await ledgerRows(database);
      await postgres.kill();
      postgres.restore();
      await restart();
      const { findings } = await recover();
      expect(findings).to.deep.equal([]);
      await expectRows(database, before);
      await goesOn(database);
    });
  }

  it("stays as it is if it has what the copy does not have", async () => {
    await live(0);
    await scene.use({ provider: provider.address, spender: ALICES_KEY });
    const before = await ledgerRows(database);
    expect(await recover().catch(messageOf)).to.include(
      "This database has log entries that the copy does not have.",
    );
    await expectRows(database, before);
  });

  it("stays as it is if the copy is of another history", async () => {
    await live(0);
    await database.query("update log_segments set head = $1 where number = 2", [
      bytea(hashOf("x")),
    ]);
    const before = await ledgerRows(database);
    expect(await recover().catch(messageOf)).to.include("differ in segment 2 of the log");
    await expectRows(database, before);
  });

  it("stays as it is if an auditor would object to the log", async () => {
    await live(5);
    await postgres.kill();
    postgres.restore();
    await restart();
    // The endpoints do not have an event that the log names.
    for (const { events } of scene.ledger.blocks) {
      const at = events.findIndex((one) => one.type === "purchased" && one.amountMicros === 500n);
      if (at >= 0) events.splice(at, 1);
    }
    const before = await ledgerRows(database);
    expect(await recover().catch(messageOf)).to.match(
      /would object to the log \d+ times.*\n.*the server recorded an event/,
    );
    await expectRows(database, before);
  });

  it("has all that it had, without any backup", async () => {
    await live(0);
    const before = await ledgerRows(database);
    const empty = await openPgDatabase(await createDatabase(postgres), 10);
    try {
      await migrateLedger(empty);
      await claimDatabase(empty, deployment, ORIGIN);
      const { findings } = await recover(empty);
      expect(findings).to.deep.equal([]);
      await expectRows(empty, before);
      await goesOn(empty);
    } finally {
      await empty.close();
    }
  });
});

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function expectRows(of: Database, before: LedgerRows): Promise<void> {
  const after = await ledgerRows(of);
  // One table after the other, so that a failure shows which.
  for (const [table, rows] of Object.entries(before)) {
    expect(after[table], table).to.deep.equal(rows);
  }
}
