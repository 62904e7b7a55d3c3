import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { openJournal } from "../../../meter/journal/journal.ts";

describe("a lease's journal", () => {
  let folder: string;
  let file: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "compute-credits-journal-"));
    file = join(folder, "journal.jsonl");
  });
  afterEach(() => rm(folder, { recursive: true }));

  const reopened = async () => {
    const journal = await openJournal(folder);
    await journal.close();
    return journal.state;
  };

  /** Begins a lease, and takes it up so many times. */
  async function write(times: number, options?: Parameters<typeof openJournal>[1]) {
    const journal = await openJournal(folder, options);
    await journal.append({ is: "lease", lease: "lease", lines: [] });
    for (let time = 0; time < times; time++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await journal.append({ is: "taken" });
    }
    await journal.close();
    return journal.state;
  }

  it("is empty at first, and then tells what was written", async () => {
    expect(await reopened()).to.equal(null);
    const state = await write(3);
    expect(state?.epoch).to.equal(3);
    expect(await reopened()).to.deep.equal(state);
  });

  it("drops an entry that a crash cut off, and goes on after the one before", async () => {
    await write(1);
    await appendFile(file, '{"is":"tak');
    const journal = await openJournal(folder);
    expect(journal.state?.epoch).to.equal(1);
    await journal.append({ is: "taken" });
    await journal.close();
    expect((await reopened())?.epoch).to.equal(2);
  });

  it("is refused if a whole entry is damaged", async () => {
    await write(1);
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace('"lease"', '"lea"'));
    const error = await openJournal(folder).catch((cause: unknown) => cause);
    expect(String(error)).to.include("journal.jsonl:1 is damaged: move the folder away");
  });

  it("stays short, and loses nothing of what it says", async () => {
    const state = await write(25, { mostEntries: 10 });
    expect(state?.epoch).to.equal(25);
    expect((await readFile(file, "utf8")).split("\n")).to.have.length.below(11);
    expect(await reopened()).to.deep.equal(state);
  });
});
