import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { zeroHash } from "viem";

import type { Database } from "@compute-credits/platform/postgres/database";
import { openMirrorFolder } from "../../../auditor/mirror/mirrorFolder.ts";
import { claimAuditor } from "../../../auditor/store/claimAuditor.ts";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { restoreLedger } from "../../../scripts/recover/restoreLedger.ts";
import { claimDatabase } from "../../../server/stores/chain/claimDatabase.ts";
import { migrateLedger } from "../../../server/stores/migrateLedger.ts";
import { openScene } from "../../fixtures/audited.ts";
import { postgres } from "../../fixtures/databases.ts";
import { FILLED_CHAIN } from "../../fixtures/filledChain.ts";
import { FILLED_LEDGER } from "../../fixtures/filledDatabases.ts";
import { deployment, openLedger } from "../../fixtures/ledger.ts";
import { copyLog } from "../../../scripts/local/ledgerCopy.ts";
import { ledgerRows } from "../../fixtures/ledgerRows.ts";
import { newAuditorDatabase } from "../../fixtures/postgresServer.ts";
import { fillDatabase } from "../../fixtures/upgrades.ts";

const ORIGIN = { number: 0n, hash: zeroHash, time: new Date(0) };

describe("a ledger from before its log had keys, codes and checkpoints", () => {
  let folder: string;
  const open: Database[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "compute-credits-copy-"));
  });
  after(async () => {
    await Promise.all(open.map((database) => database.close()));
    await rm(folder, { recursive: true });
  });

  async function opened(database: Promise<Database>): Promise<Database> {
    const one = await database;
    open.push(one);
    return one;
  }

  it("has them in its log after the upgrade", async () => {
    const database = await opened(postgres.openEmpty());
    const auditorDatabase = await opened(
      newAuditorDatabase().then((url) => openPgDatabase(url, 4)),
    );
    await fillDatabase(database, FILLED_LEDGER, "0018_passed_blocks.sql");
    await migrateLedger(database);
    // Its segments are of another log.
    await database.script("delete from log_head_signatures; delete from log_segments");
    const ledger = await openLedger(database);
    ledger.blocks.push(...FILLED_CHAIN);
    const { deps } = await openScene(ledger, auditorDatabase);
    await copyLog(database, { folder, deployment });

    const restored = await opened(postgres.open());
    await claimDatabase(restored, deployment, ORIGIN);
    const scratch = await opened(newAuditorDatabase().then((url) => openPgDatabase(url, 4)));
    await claimAuditor(scratch, deployment, ORIGIN, { feeBps: 200n, maxQuoteSeconds: 3_600 });
    await restoreLedger({
      ...deps,
      chainSource: () => deps.chainSource,
      database: restored,
      scratch,
      folder: await openMirrorFolder(folder),
      blockPoint: (number) =>
        Promise.resolve(FILLED_CHAIN.find(({ upTo }) => upTo.number === number)?.upTo ?? ORIGIN),
      isSigned: () => false,
      acceptsFindings: true,
    });
    const [before, after] = [await ledgerRows(database), await ledgerRows(restored)];
    for (const table of ["provider_keys", "promotion_codes", "log_notes", "debits", "holds"]) {
      expect(after[table], table).to.deep.equal(before[table]);
    }
  });
});
