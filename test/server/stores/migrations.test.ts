import { readdir } from "node:fs/promises";

import { expect } from "chai";

import { LEDGER_MIGRATIONS, migrateLedger } from "../../../server/stores/migrateLedger.ts";
import { openPgDatabase } from "@compute-credits/platform/postgres/pgDatabase";
import { guardLandedMigrations } from "../../fixtures/landedMigrations.ts";
import { newPostgresDatabase } from "../../fixtures/postgresServer.ts";

guardLandedMigrations(LEDGER_MIGRATIONS);

describe("migrateLedger", () => {
  it("applies each migration once if several servers start at once on an empty PostgreSQL", async () => {
    const files = (await readdir(LEDGER_MIGRATIONS.folder)).filter((name) => name.endsWith(".sql"));
    const url = await newPostgresDatabase();
    const servers = await Promise.all(Array.from({ length: 4 }, () => openPgDatabase(url, 1)));
    try {
      await Promise.all(servers.map(migrateLedger));
      const applied = await servers[0]?.query<{ name: string }>(
        "select name from migrations order by name",
      );
      expect(applied?.map(({ name }) => name)).to.deep.equal(files.toSorted());
    } finally {
      await Promise.all(servers.map((server) => server.close()));
    }
  });
});
