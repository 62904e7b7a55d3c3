import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { createLocalSigner } from "@compute-credits/platform/chain/localSigner";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { createEntriesHash } from "@compute-credits/rules/log/logChain";
import type { AskLog } from "../../../auditor/log/logClient.ts";
import { openMirrorFolder } from "../../../auditor/mirror/mirrorFolder.ts";
import { mirrorLog } from "../../../auditor/mirror/mirrorLog.ts";
import { wallets } from "../../../scripts/local/wallets.ts";
import { createLogSegmentStore } from "../../../server/stores/feed/postgresLogSegmentStore.ts";
import { createUsageLog } from "../../../server/stores/feed/postgresUsageLog.ts";
import { publishLogWorker } from "../../../server/workers/log/publishLogWorker.ts";
import { databaseKinds } from "../../fixtures/databases.ts";
import { deployment } from "../../fixtures/ledger.ts";

const signer = createLocalSigner(wallets.signer.privateKey);

for (const { name, open } of databaseKinds) {
  describe(`mirror of the log on ${name}`, () => {
    let database: Awaited<ReturnType<typeof open>>;
    let folder: string;
    let isSigner: boolean;

    beforeEach(async () => {
      [database, folder] = [await open(), await mkdtemp(join(tmpdir(), "compute-credits-mirror-"))];
      isSigner = true;
    });
    afterEach(async () => {
      await database.close();
      await rm(folder, { recursive: true });
    });

    /** Answers as a server does, through JSON. Pages have two entries. */
    const ask: AskLog = async (path, schema) => {
      const { pathname, searchParams: query } = new URL(path, "http://server");
      const answer =
        pathname === "/v1/log/segments"
          ? {
              segments: await createLogSegmentStore(database).list(
                BigInt(query.get("after") ?? 0),
                2,
              ),
            }
          : await page(query);
      return schema.parse(JSON.parse(jsonText(answer)));
    };

    async function page(query: URLSearchParams) {
      const [order = "", last = ""] = query.get("after")?.split("-") ?? [];
      const after = order === "" ? null : { order: BigInt(order), last: BigInt(last) };
      const window = { since: query.get("since"), upTo: query.get("upTo") };
      const { entries, next } = await createUsageLog(database).page(window, after, 2);
      return { entries, nextCursor: next === null ? null : `${next.order}-${next.last}` };
    }

    /** Logs so many entries, each in a transaction of its own. */
    async function log(count: number): Promise<void> {
      for (let n = 0; n < count; n++) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await database.query(
          `insert into log_notes (kind, body) values ('blocks', '{"to": "2", "from": "1"}')`,
        );
      }
    }

    async function publish(signers = [signer]): Promise<void> {
      const segments = createLogSegmentStore(database);
      await publishLogWorker({ segments, chain: { deployment }, signers }).step();
    }

    const mirror = async () =>
      await mirrorLog({
        ask,
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
