import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import type { Database } from "@compute-credits/platform/postgres/database";
import { openCopy } from "../../../scripts/recover/openCopy.ts";
import { postgres } from "../../fixtures/databases.ts";
import { deployment } from "../../fixtures/ledger.ts";
import { copyLog } from "../../../scripts/local/ledgerCopy.ts";

describe("openCopy", () => {
  let database: Database;
  let folder: string;

  before(async () => {
    database = await postgres.open();
    folder = await mkdtemp(join(tmpdir(), "compute-credits-copies-"));
    await copyLog(database, { folder: join(folder, "signed"), deployment });
    await cp(join(folder, "signed"), join(folder, "second"), { recursive: true });
    // Goes on without a signature.
    await database.query(
      `insert into log_notes (kind, body) values ('blocks', '{"from": "1", "to": "2"}')`,
    );
    await copyLog(database, { folder: join(folder, "signed"), deployment }, []);
    await cp(join(folder, "signed"), join(folder, "third"), { recursive: true });
  });
  after(async () => {
    await database.close();
    await rm(folder, { recursive: true });
  });

  async function opened(
    names: readonly string[],
    { isSigner = true, acceptsUnsigned = false } = {},
  ) {
    const folders = names.map((name) => join(folder, name));
    const chain = { isSigner: () => Promise.resolve(isSigner) };
    return await openCopy(folders, chain, acceptsUnsigned).then(
      ({ upTo }) => upTo,
      (error: unknown) => String(error),
    );
  }

  it("takes a copy whose last head a present signer signed", async () => {
    expect(await opened(["second"])).to.equal(1n);
    expect(await opened(["second"], { isSigner: false })).to.include("segments from 1 to 1");
  });

  it("takes an unsigned end only if another copy has it, or by order", async () => {
    expect(await opened(["signed"])).to.include(
      "No present signer has signed the segments from 2 to 2.",
    );
    expect(await opened(["signed", "second"])).to.include("segments from 2 to 2");
    expect(await opened(["signed", "third"])).to.equal(2n);
    expect(await opened(["signed"], { acceptsUnsigned: true })).to.equal(2n);
  });

  it("refuses a folder that is not there, and one without a log", async () => {
    expect(await opened(["nowhere"])).to.include("nowhere cannot be read");
    expect(await opened(["."])).to.include("There is no segment of a log");
  });
});
