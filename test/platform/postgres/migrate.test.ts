import { expect } from "chai";

import type { Database } from "@compute-credits/platform/postgres/database";
import { migrate } from "@compute-credits/platform/postgres/migrate";
import {
  type MigrationRefusal,
  MigrationRefused,
} from "@compute-credits/platform/postgres/migrationRefused";
import { checksumOf } from "@compute-credits/platform/postgres/migrationFiles";
import { catalogueOf } from "../../fixtures/catalogue.ts";
import { bothDatabases } from "../../fixtures/databases.ts";
import { type MigrationFolder, createMigrationFolder } from "../../fixtures/migrationFolder.ts";

const BASELINE = "create table notes (id integer primary key);\ninsert into notes values (1);\n";
const SECOND = "alter table notes add column text text;\n";
const THIRD = "update notes set text = 'third' where id = 1;\n";
const THREE = {
  "0001_baseline.sql": BASELINE,
  "0002_text.sql": SECOND,
  "0003_third.sql": THIRD,
};

describe("checksumOf", () => {
  it("is the SHA-256 of the text, as sha256sum prints it", () => {
    expect(checksumOf("abc")).to.equal(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });

  it("is the same for LF and CRLF line ends, and another for any other change", () => {
    expect(checksumOf("select 1;\r\nselect 2;\r\n")).to.equal(checksumOf("select 1;\nselect 2;\n"));
    expect(checksumOf("select 1;\nselect 2; \n")).not.to.equal(
      checksumOf("select 1;\nselect 2;\n"),
    );
  });
});

for (const { name, openEmpty } of bothDatabases) {
  describe(`migrate on ${name}`, () => {
    let database: Database;
    let folder: MigrationFolder;

    before(async () => {
      database = await openEmpty();
    });
    after(() => database.close());
    beforeEach(async () => {
      await database.script("drop schema public cascade; create schema public");
      folder = await createMigrationFolder();
    });
    afterEach(() => folder.close());

    const howToRecreate = "Delete the shoe box.";
    const run = (program = "notebook") =>
      migrate({ program, folder: folder.url, howToRecreate }, database);

    /** All that a migration could change. */
    async function everything(): Promise<unknown> {
      return {
        catalogue: await catalogueOf(database),
        // As JSON: PostgreSQL refuses a prepared statement whose columns a migration has changed.
        migrations: await database.query(
          "select to_jsonb(m) as row from migrations m order by name",
        ),
        notes: await database.query("select to_jsonb(n) as row from notes n order by id"),
      };
    }

    async function isRefused(reason: MigrationRefusal, message: RegExp, program?: string) {
      const before = await everything();
      const refusal = await run(program).catch((error: unknown) => error);
      expect(refusal).to.be.instanceOf(MigrationRefused).with.property("reason", reason);
      expect(refusal).to.have.property("message").that.matches(message);
      expect(await everything()).to.deep.equal(before);
    }

    it("applies each file once, in the order of the numbers, and keeps its checksum", async () => {
      await folder.write({ ...THREE, "README.md": "Not a migration." });
      await run();
      expect(await database.query("select id, text from notes")).to.deep.equal([
        { id: 1, text: "third" },
      ]);
      expect(
        await database.query("select name, program, checksum from migrations order by name"),
      ).to.deep.equal(
        Object.entries(THREE).map(([file, sql]) => ({
          name: file,
          program: "notebook",
          checksum: checksumOf(sql),
        })),
      );
      const once = await everything();
      await run();
      expect(await everything()).to.deep.equal(once);
    });

    it("applies to a filled database only what is new", async () => {
      await folder.write({ "0001_baseline.sql": BASELINE });
      await run();
      await database.query("insert into notes values (2)");
      await folder.write(THREE);
      await run();
      expect(await database.query("select id, text from notes order by id")).to.deep.equal([
        { id: 1, text: "third" },
        { id: 2, text: null },
      ]);
    });

    it("separates statements as PostgreSQL does, not by the semicolons at line ends", async () => {
      await folder.write({
        "0001_baseline.sql": `
          ${BASELINE}
          -- a comment; with a semicolon;
          /* another one;
             /* in which there is one; */
          */
          alter table notes add column text text default 'a;
          b''c;
          ';
          create function stamp() returns trigger language plpgsql as $body$
          begin
            new.text := $$stamped;
            $$ || new.text;
            return new;
          end;
          $body$;
          create trigger stamped before insert on notes for each row execute function stamp();
          insert into notes values (2)`,
      });
      await run();
      const notes = await database.query<{ text: string }>("select text from notes order by id");
      expect(notes.map(({ text }) => text.replaceAll(/\s+/g, " "))).to.deep.equal([
        "a; b'c; ",
        "stamped; a; b'c; ",
      ]);
    });

    it("applies nothing at all if a statement fails, and names its file and line", async () => {
      await folder.write({ "0001_baseline.sql": BASELINE });
      await run();
      const before = await everything();
      await folder.write({ ...THREE, "0003_third.sql": `${THIRD}\nselect nothing\nfrom nowhere;` });
      const failure = await run().catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(Error).and.not.instanceOf(MigrationRefused);
      expect(failure)
        .to.have.property("message")
        .that.equals(
          'the migration 0003_third.sql failed at line 4: relation "nowhere" does not exist',
        );
      expect(failure).to.have.property("cause").with.property("code", "42P01");
      expect(await everything()).to.deep.equal(before);
    });

    it("names the file if the failure has no line", async () => {
      await folder.write({
        ...THREE,
        "0003_third.sql": "insert into notes values (2);\ninsert into notes values (1);",
      });
      const failure = await run().catch(String);
      expect(failure).to.match(/^Error: the migration 0003_third\.sql failed: duplicate key value/);
    });

    describe("with three migrations applied", () => {
      beforeEach(async () => {
        await folder.write(THREE);
        await run();
      });

      it("takes files with CRLF line ends as unchanged", async () => {
        await folder.write(
          Object.fromEntries(
            Object.entries(THREE).map(([file, sql]) => [file, sql.replaceAll("\n", "\r\n")]),
          ),
        );
        const before = await everything();
        await run();
        expect(await everything()).to.deep.equal(before);
      });

      it("refuses an applied file that changed, even if only a space did", async () => {
        await folder.write({ "0002_text.sql": ` ${SECOND}` });
        await isRefused(
          "file_changed",
          new RegExp(
            `^The migration 0002_text\\.sql has changed since .* \\(SHA-256 ${checksumOf(SECOND)} then, ` +
              `${checksumOf(` ${SECOND}`)} now\\)\\. Install the program again, with the file as it was\\.` +
              ".* belongs in a new one\\..* Delete the shoe box\\.$",
          ),
        );
      });

      it("refuses to apply a new file if an applied one changed", async () => {
        await folder.write({ "0002_text.sql": ` ${SECOND}`, "0004_more.sql": "drop table notes;" });
        await isRefused("file_changed", /0002_text\.sql/);
      });

      it("refuses an applied migration whose file is missing", async () => {
        await folder.remove("0002_text.sql");
        await isRefused(
          "file_missing",
          /^The migration 0002_….sql is missing before 0003_third\.sql\. Install the program again/,
        );
      });

      it("refuses an applied migration whose number another file has", async () => {
        await folder.remove("0002_text.sql");
        await folder.write({ "0002_other.sql": SECOND });
        await isRefused(
          "file_missing",
          /^The migration 0002_text\.sql .* its file is missing: 0002_other\.sql is in its place\./,
        );
      });

      it("refuses a folder without migrations", async () => {
        await Promise.all(Object.keys(THREE).map((file) => folder.remove(file)));
        await isRefused("file_missing", /^There are no migrations in .* Install the program again/);
      });

      it("refuses a database that a newer program has migrated", async () => {
        await folder.remove("0003_third.sql");
        await isRefused(
          "database_newer",
          /^This database has the migration 0003_third\.sql, .* is 0002_text\.sql: .* Run that release or a later one/,
        );
      });

      it("refuses a migration that comes before one that is applied", async () => {
        await database.query("delete from migrations where name = '0002_text.sql'");
        await isRefused(
          "out_of_order",
          /^The migration 0002_text\.sql is not applied to this database, and 0003_third\.sql, .* give it the next number\.$/,
        );
      });

      it("refuses two files with one number", async () => {
        await folder.write({ "0003_another.sql": THIRD });
        await isRefused(
          "out_of_order",
          /^Two migrations have the number 0003: 0003_another\.sql and 0003_third\.sql\. .* next number\.$/,
        );
      });

      for (const bad of ["4_more.sql", "0004-more.sql", "0000_more.sql", "0004_More.sql"]) {
        it(`refuses a file that is called ${bad}`, async () => {
          await folder.write({ [bad]: "select 1;" });
          await isRefused("bad_name", /needs a name such as 000\d_what_it_brings\.sql\.$/);
        });
      }

      it("refuses another program's database", async () => {
        await isRefused(
          "another_program",
          /^This database holds the tables of the notebook: give the diary a database of its own\.$/,
          "diary",
        );
      });
    });

    it("refuses a database from before the first release, whose migrations have no checksums", async () => {
      await folder.write(THREE);
      await database.script(
        `create table migrations (name text primary key);
         insert into migrations values ('0001_baseline.sql');
         ${BASELINE}`,
      );
      await isRefused(
        "made_before_the_first_release",
        /^This database was made before the first release, .* must be made anew\. Delete the shoe box\.$/,
      );
    });
  });
}
