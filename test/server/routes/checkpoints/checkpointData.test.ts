import { expect } from "chai";

import { applyDifference, readDifference } from "@compute-credits/protocol/data/differenceFile";
import { readTable } from "@compute-credits/protocol/data/tableFile";
import { concatBytes } from "@compute-credits/protocol/tree/levels";
import { bytesToRows } from "@compute-credits/protocol/tree/rowBytes";
import type { Database } from "@compute-credits/platform/postgres/database";
import type { StoredCheckpoint } from "../../../../server/stores/checkpoints/checkpointStore.ts";
import { dropped, spendDirectly, submitted } from "../../../fixtures/bareRows.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, emptyLedger } from "../../../fixtures/ledger.ts";
import { serveLedger } from "../../../fixtures/ledgerServer.ts";

for (const { name, open } of databaseKinds) {
  describe(`checkpoint data over HTTP on ${name}`, () => {
    let database: Database;
    let ledger: Ledger;
    let server: Awaited<ReturnType<typeof serveLedger>>;
    let first: StoredCheckpoint;
    let second: StoredCheckpoint;
    let third: StoredCheckpoint;

    async function cut(): Promise<StoredCheckpoint> {
      const checkpoint = await ledger.checkpoints.cut(1_000n);
      if (checkpoint === null) throw new Error("there was something to cut");
      return checkpoint;
    }

    before(async () => {
      database = await open();
      ledger = await emptyLedger(database);
      server = await serveLedger(ledger);
      await spendDirectly(ledger, { from: 1, count: 4_200, amount: 5n });
      first = await cut();
      await submitted(ledger, first);
      await spendDirectly(ledger, { from: 7, count: 3, amount: 5n });
      second = await cut();
      await submitted(ledger, second);
      // An attempt that was dropped is in nobody's way.
      await spendDirectly(ledger, { from: 9_000, count: 2, amount: 1n });
      const attempt = await cut();
      await submitted(ledger, attempt, new Date(9e12));
      await dropped(ledger, attempt);
      await spendDirectly(ledger, { from: 9_001, count: 2, amount: 1n });
      third = await cut();
    });
    after(async () => {
      await server.stop();
      await database.close();
    });

    const get = (path: string, headers: Record<string, string> = {}) =>
      fetch(`${server.url}${path}`, { headers });

    async function tableOf(epoch: bigint): Promise<Uint8Array> {
      const parts: Uint8Array[] = [];
      const { body } = await get(`/v1/checkpoints/${epoch}/data`);
      if (body === null) throw new Error("no body");
      await readTable(body, (rows) => parts.push(rows));
      return concatBytes(parts);
    }

    it("is all rows, whose root and hash are the checkpoint's", async () => {
      for (const { id, message, partyCount } of [first, second, third]) {
        const answer = await get(`/v1/checkpoints/${message.epoch}/data`);
        expect(answer.headers.get("content-type")).to.equal(
          "application/vnd.compute-credits.table",
        );
        if (answer.body === null) throw new Error("no body");
        const summary = await readTable(answer.body);
        expect(summary).to.deep.equal({
          rowCount: partyCount,
          root: message.root,
          dataHash: message.dataHash,
          totals: { spent: message.spent, refunded: message.refunded, earned: message.earned },
        });
        expect(bytesToRows(await tableOf(message.epoch))).to.deep.equal(
          await ledger.checkpoints.rows(id),
        );
      }
    });

    it("is what changed since any earlier one, which leads to the later one", async () => {
      for (const [base, checkpoint, changed] of [
        [first, second, 4],
        [first, third, 7],
        [second, third, 4],
      ] as const) {
        const [since, epoch] = [base.message.epoch, checkpoint.message.epoch];
        const answer = await get(`/v1/checkpoints/${epoch}/data?since=${since}`);
        expect(answer.headers.get("content-type")).to.equal(
          "application/vnd.compute-credits.difference",
        );
        if (answer.body === null) throw new Error("no body");
        const difference = await readDifference(answer.body);
        expect(difference.places).to.have.length(changed);
        const rows = applyDifference(await tableOf(since), difference);
        expect(bytesToRows(rows)).to.deep.equal(await ledger.checkpoints.rows(checkpoint.id));
      }
    });

    it("may be kept for ever once the checkpoint is final, and until then has to be asked for again", async () => {
      const final = await get("/v1/checkpoints/1/data");
      expect(final.headers.get("cache-control")).to.equal("public, max-age=31536000, immutable");
      expect(final.headers.get("etag")).to.equal(`"${first.message.dataHash}"`);
      await final.arrayBuffer();

      const etag = `"${third.message.dataHash}"`;
      const prepared = await get("/v1/checkpoints/3/data", {
        "if-none-match": etag,
        "cache-control": "",
      });
      expect(prepared.status).to.equal(304);
      expect(prepared.headers.get("cache-control")).to.equal("no-cache");
      const other = await get("/v1/checkpoints/3/data", { "if-none-match": '"0x00"' });
      expect(other.status).to.equal(200);
      await other.arrayBuffer();
    });

    it("tells its length before anything is sent", async () => {
      const head = await fetch(`${server.url}/v1/checkpoints/1/data`, { method: "HEAD" });
      const whole = await get("/v1/checkpoints/1/data");
      const { byteLength } = await whole.arrayBuffer();
      expect(head.headers.get("content-length")).to.equal(`${byteLength}`);
    });

    it("breaks off, rather than sends rows that were changed after the cut", async () => {
      await database.query(
        "update checkpoint_rows set spent = spent + 1 where checkpoint = 1 and place = 4150",
      );
      const failure = await get("/v1/checkpoints/1/data")
        .then((answer) => answer.arrayBuffer())
        .then(
          () => "whole",
          () => "broken off",
        );
      await database.query(
        "update checkpoint_rows set spent = spent - 1 where checkpoint = 1 and place = 4150",
      );
      expect(failure).to.equal("broken off");
    });

    for (const [path, status, reason] of [
      ["/v1/checkpoints/9/data", 404, "checkpoint_not_found"],
      ["/v1/checkpoints/0/data", 400, "invalid_request"],
      ["/v1/checkpoints/2/data?since=2", 422, "since_not_before"],
      ["/v1/checkpoints/2/data?since=3", 422, "since_not_before"],
      ["/v1/checkpoints/2/data?since=x", 400, "invalid_request"],
      ["/v1/checkpoints/2/data?before=1", 400, "invalid_request"],
    ] as const) {
      it(`answers ${path} with ${reason}`, async () => {
        const answer = await get(path);
        expect(answer.status).to.equal(status);
        expect(await answer.json()).to.include({ reason });
      });
    }
  });
}
