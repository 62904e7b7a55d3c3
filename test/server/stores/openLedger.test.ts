import { readdir } from "node:fs/promises";

import { expect } from "chai";
import { type Hex, getAddress, numberToHex } from "viem";

import { migrateLedger } from "../../../server/stores/migrateLedger.ts";
import { claimDatabase } from "../../../server/stores/chain/claimDatabase.ts";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { openPgliteDatabase } from "@compute-credits/platform/postgres/pgliteDatabase";
import type { Database } from "@compute-credits/platform/postgres/database";
import { databaseKinds } from "../../fixtures/databases.ts";
import { hashOf } from "../../fixtures/ledger.ts";
import { newPostgresDatabase } from "../../fixtures/postgresServer.ts";

const MIGRATIONS = new URL("../../../server/stores/migrations/", import.meta.url);

async function appliedMigrations(database: Database): Promise<string[]> {
  const applied = await database.query<{ name: string }>(
    "select name from migrations order by name",
  );
  return applied.map(({ name }) => name);
}

describe("migrate", () => {
  let files: string[];
  before(async () => {
    files = (await readdir(MIGRATIONS)).toSorted();
  });

  it("builds an empty PGlite's schema once, and leaves it as it is the next time", async () => {
    const database = await openPgliteDatabase();
    await migrateLedger(database);
    await database.query("insert into accounts (address, purchased) values ($1, 5)", [
      `\\x${"aa".repeat(20)}`,
    ]);
    await migrateLedger(database);
    expect(await appliedMigrations(database)).to.deep.equal(files);
    expect(await database.query("select purchased from accounts")).to.deep.equal([
      { purchased: 5n },
    ]);
    await database.close();
  });

  it("runs once where several servers start at once on an empty PostgreSQL", async () => {
    const url = await newPostgresDatabase();
    const servers = await Promise.all(Array.from({ length: 4 }, () => openPgDatabase(url, 1)));
    try {
      await Promise.all(servers.map(migrateLedger));
      for (const server of servers) expect(await appliedMigrations(server)).to.deep.equal(files);
    } finally {
      await Promise.all(servers.map((server) => server.close()));
    }
  });
});

for (const { name, open } of databaseKinds) {
  describe(`claimDatabase on ${name}`, () => {
    const deployment = { chainId: 31337, contract: numberToHex(0xc0ffee, { size: 20 }) };
    const origin = { number: 7n, hash: hashOf("block 7"), time: new Date(7_000) };
    let database: Database;

    before(async () => {
      database = await open();
      // Several servers start at once on the empty database.
      await Promise.all(
        Array.from({ length: 4 }, () => claimDatabase(database, deployment, origin)),
      );
    });
    after(() => database.close());

    it("begins to read the chain at the deployment", async () => {
      const cursors = await database.query<{ block_number: bigint; block_hash: Hex }>(
        "select block_number, block_hash from chain_cursor",
      );
      expect(cursors).to.deep.equal([{ block_number: 7n, block_hash: origin.hash }]);
    });

    it("takes the same deployment again, however its address is written, and keeps the cursor", async () => {
      await database.query("update chain_cursor set block_number = 99");
      const checksummed = { ...deployment, contract: getAddress(deployment.contract) };
      await claimDatabase(database, checksummed, origin);
      expect(await database.query("select block_number from chain_cursor")).to.deep.equal([
        { block_number: 99n },
      ]);
    });

    for (const [what, otherDeployment, otherOrigin] of [
      ["another chain", { ...deployment, chainId: 1 }, origin],
      ["another contract", { ...deployment, contract: numberToHex(1, { size: 20 }) }, origin],
      ["another past of the chain", deployment, { ...origin, hash: hashOf("another block 7") }],
    ] as const) {
      it(`refuses ${what}, and changes nothing`, async () => {
        const before = await database.query("select * from deployment");
        const refusal = await claimDatabase(database, otherDeployment, otherOrigin).catch(
          (error: unknown) => error,
        );
        expect(refusal)
          .to.be.instanceOf(Error)
          .with.property("message")
          .that.includes("this database belongs to the deployment 0x0000")
          .and.includes("give this deployment a database of its own");
        expect(await database.query("select * from deployment")).to.deep.equal(before);
      });
    }
  });
}
