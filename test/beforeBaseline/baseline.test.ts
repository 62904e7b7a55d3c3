import { readFile, readdir } from "node:fs/promises";

import { expect } from "chai";

import { migrateAuditor } from "../../auditor/store/claimAuditor.ts";
import { migrateLedger } from "../../server/stores/migrateLedger.ts";
import type { Database } from "@compute-credits/platform/postgres/database";
import { catalogueOf } from "../fixtures/catalogue.ts";
import { databaseKinds } from "../fixtures/databases.ts";

const programs = [
  { program: "ledger", migrate: migrateLedger, oldFiles: new URL("./ledger/", import.meta.url) },
  { program: "auditor", migrate: migrateAuditor, oldFiles: new URL("./auditor/", import.meta.url) },
];

/**
 * Names of constraints that the baseline changes, by table: those that kept a table's earlier name,
 * and those that PostgreSQL numbered because a condition is about several columns.
 */
const RENAMED: readonly (readonly [table: string, before: string, now: string])[] = [
  ["accounts", "accounts_check", "only_held_credits_wait"],
  ["allowance_usage", "allowance_usage_check", "never_carries_over_more"],
  ["checkpoints", "checkpoints_check", "never_earned_more_than_spent"],
  ["debits", "debits_check", "fee_within_amount"],
  ["holds", "holds_check", "expires_after_creation"],
  ["holds", "holds_check1", "resolutions_have_times"],
  ["refund_requests", "refund_requests_check", "accepts_at_most_the_request"],
  ["tree_pages", "tree_pages_check2", "version_before_is_older"],
  ["tree_pages", "tree_pages_check3", "version_before_can_be_restored"],
  ["signed_allowances", "allowances_account_fkey", "signed_allowances_account_fkey"],
  ["signed_allowances", "allowances_campaign_fkey", "signed_allowances_campaign_fkey"],
  ["signed_allowances", "allowances_id_check", "signed_allowances_id_check"],
  ["signed_allowances", "allowances_issued_count_check", "signed_allowances_issued_count_check"],
  ["signed_allowances", "allowances_pkey", "signed_allowances_pkey"],
  ["signed_allowances", "allowances_priority_check", "signed_allowances_priority_check"],
  ["signed_allowances", "allowances_scope_check", "signed_allowances_scope_check"],
  ["signed_allowances", "allowances_spender_check", "signed_allowances_spender_check"],
];

/** As the old files made it, with the old program's way of running them. */
async function applyOldFiles(folder: URL, database: Database): Promise<void> {
  const names = (await readdir(folder)).toSorted();
  await database.transaction(async (tx) => {
    for (const name of names) {
      const text = await readFile(new URL(name, folder), "utf8");
      const statements = text.split(/;\s*$/m).filter((statement) => statement.trim() !== "");
      // oxlint-disable-next-line no-await-in-loop -- each builds on the one before
      for (const statement of statements) await tx.query(statement);
    }
  });
}

/** The rows and counts that the migrations themselves write. */
async function contentsOf(database: Database): Promise<unknown> {
  const tables = await database.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace
       and relkind in ('r', 'S') and relname <> 'migrations' order by relname collate "C"`,
  );
  return await Promise.all(
    tables.map(async ({ name }) => [name, await database.query(`select * from ${name}`)]),
  );
}

for (const { name, openEmpty } of databaseKinds) {
  for (const { program, migrate, oldFiles } of programs) {
    describe(`the baseline of the ${program} on ${name}`, () => {
      let old: Database;
      let baseline: Database;
      before(async () => {
        old = await openEmpty();
        baseline = await openEmpty();
        await applyOldFiles(oldFiles, old);
        await migrate(baseline);
      });
      after(async () => {
        await old.close();
        await baseline.close();
      });

      it("makes the catalogue that the old files made, but for the names of constraints", async () => {
        for (const [table, from, to] of program === "ledger" ? RENAMED : []) {
          // oxlint-disable-next-line no-await-in-loop
          await old.script(`alter table ${table} rename constraint ${from} to ${to}`);
        }
        const catalogue = await catalogueOf(baseline);
        expect(catalogue).to.include("table holds\n").and.include("PRIMARY KEY");
        expect(catalogue).to.equal(await catalogueOf(old));
      });

      it("writes the rows that the old files wrote", async () => {
        expect(await contentsOf(baseline)).to.deep.equal(await contentsOf(old));
      });
    });
  }
}
