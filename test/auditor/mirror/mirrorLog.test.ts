import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { createEntriesHash } from "@compute-credits/rules/log/logChain";
import { openMirrorFolder } from "../../../auditor/mirror/mirrorFolder.ts";
import { mirrorLog } from "../../../auditor/mirror/mirrorLog.ts";
import { createUsageLog } from "../../../server/stores/feed/postgresUsageLog.ts";
import { databaseKinds } from "../../fixtures/databases.ts";
import { deployment } from "../../fixtures/ledger.ts";
import { askLedger, publishLog } from "../../../scripts/local/ledgerCopy.ts";

for (const { name, open } of databaseKinds) {
  describe(`mirror of the log on ${name}`, () => {
    let database: Awaited<ReturnType<typeof open>>;
    let folder: string;
    let isSigner: boolean;
    const asked: string[] = [];

    beforeEach(async () => {
      [database, folder] = [await open(), await mkdtemp(join(tmpdir(), "compute-credits-mirror-"))];
      isSigner = true;
    });
    afterEach(async () => {
      await database.close();
      await rm(folder, { recursive: true });
    });

    /** Logs so many entries, each in a transaction of its own. */
    async function log(count: number): Promise<void> {
      for (let n = 0; n < count; n++) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await database.query(
          `insert into log_notes (kind, body) values ('blocks', '{"to": "2", "from": "1"}')`,
        );
      }
    }

    const publish = (signers?: Parameters<typeof publishLog>[2]) =>
      publishLog(database, deployment, signers);

    const mirror = async () =>
      await mirrorLog({
        ask: (path, schema, init) => {
          asked.push(path);
          return askLedger(database, 2)(path, schema, init);
        },
        folder: await openMirrorFolder(folder),
        chain: { deployment, isSigner: () => Promise.resolve(isSigner) },
      });

    it("copies every entry once, however many segments, servers and rounds there are", async () => {
      await log(5);
      await publish();
      await publish();
      await log(2);
      await publish([]);
      const first = await mirror();
      await log(1);
      await Promise.all([publish(), publish()]);
      const second = await mirror();
      expect([first, second]).to.deep.equal([
        { upTo: 2n, signedUpTo: 1n },
        { upTo: 3n, signedUpTo: 3n },
      ]);

      const copy = await openMirrorFolder(folder);
      await copy.verify();
      const copied = createEntriesHash();
      for await (const { number } of copy.segments()) {
        // oxlint-disable-next-line no-await-in-loop -- in order
        for await (const entry of copy.entries(number)) copied.add(entry);
      }
      const { entries } = await createUsageLog(database).page(
        { since: null, upTo: null },
        null,
        99,
      );
      const logged = createEntriesHash();
      for (const entry of entries) logged.add(entry);
      expect(copied.digest()).to.deep.equal(logged.digest());
      expect(entries.length).to.be.at.least(8);
    });

    it("counts no head as signed if its signer is none of the contract's", async () => {
      await log(1);
      await publish();
      isSigner = false;
      expect(await mirror()).to.deep.equal({ upTo: 1n, signedUpTo: 0n });
    });

    it("keeps its copy if the server's log was changed or went back", async () => {
      await log(3);
      await publish();
      await mirror();
      await log(1);
      await publish();
      await database.query(`update log_notes set body = '{"from": "1", "to": "3"}'
        where log_order = (select max(log_order) from log_notes)`);
      expect(await failure(mirror())).to.include("MirrorMismatch: segment 2 should have");
      await database.query("delete from log_head_signatures");
      await database.query("delete from log_segments");
      expect(await failure(mirror())).to.include("Keep the copy");
      // So that it stops metering.
      const [newest] = await database.query<{ transaction: bigint }>(
        `select max(transaction_id) as transaction from log_notes where log_order < (
           select max(log_order) from log_notes)`,
      );
      expect(asked.at(-1)).to.include(`&seen=${newest?.transaction}&`);
      await publish();
      expect(await failure(mirror())).to.include("Keep the copy");
      await (await openMirrorFolder(folder)).verify();
    });

    it("finds a copy that was changed", async () => {
      await log(2);
      await publish();
      await mirror();
      const path = join(folder, "000000", "000000001.jsonl");
      const text = await readFile(path, "utf8");
      await writeFile(path, text.replace('"to":"2"', '"to":"4"'));
      expect(await failure((await openMirrorFolder(folder)).verify())).to.include("MirrorMismatch");
    });
  });
}

async function failure(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => "no failure",
    (error: unknown) => String(error),
  );
}
