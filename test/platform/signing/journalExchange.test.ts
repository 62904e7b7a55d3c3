import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { type Hex, zeroHash } from "viem";

import { jsonText } from "@compute-credits/protocol/jsonText";
import {
  JournalExchange,
  exportJournals,
  importJournals,
} from "@compute-credits/platform/signing/journalExchange";
import type { JournalRecord } from "@compute-credits/platform/signing/journalLine";
import { openSigningJournal } from "@compute-credits/platform/signing/signingJournal";

const owner = {
  address: `0x${"a1".repeat(20)}`,
  chainId: 31_337,
  contract: `0x${"c0".repeat(20)}`,
  origin: zeroHash,
} as const;

const hex = (digit: number): Hex => `0x${`${digit}`.repeat(64)}`;

function record(epoch: bigint, digit: number, asOf = epoch): JournalRecord {
  const digest = hex(digit);
  const replaces = epoch > 1n ? hex(digit - 1) : null;
  return { epoch, asOf, digest, root: digest, excuse: null, replaces, block: 1n, at: "now" };
}

/** Exports one folder into another, through JSON, and returns what came of it. */
async function move(from: string, to: string) {
  const exported = jsonText(await exportJournals(from));
  const [done] = await importJournals(to, JournalExchange.parse(JSON.parse(exported)));
  const last = await openSigningJournal(to, owner).last();
  return { imported: done?.imported, epoch: last?.epoch, digest: last?.digest, asOf: last?.asOf };
}

describe("exchange of signing journals", () => {
  let folders: string[] = [];
  afterEach(async () => {
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true })));
    folders = [];
  });

  /** A folder with a journal that has signed these. */
  async function journals(...records: readonly JournalRecord[]): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "compute-credits-journals-"));
    folders.push(folder);
    const journal = openSigningJournal(folder, owner);
    const [first, ...more] = records;
    if (first !== undefined) await journal.begin(first);
    // oxlint-disable-next-line no-await-in-loop -- in order
    for (const one of more) expect(await journal.append(one)).to.equal(true);
    return folder;
  }

  it("brings a missing journal", async () => {
    const from = await journals(record(1n, 1), record(2n, 2));
    expect(await move(from, await journals())).to.include({
      imported: "new",
      epoch: 2n,
      digest: hex(2),
    });
  });

  it("brings an older journal up to date, and never takes a newer one back", async () => {
    const [old, young] = [
      await journals(record(1n, 1)),
      await journals(record(1n, 1), record(2n, 2)),
    ];
    expect(await move(young, old)).to.include({ imported: "advanced", epoch: 2n, digest: hex(2) });
    const older = await journals(record(1n, 1));
    expect(await move(older, young)).to.include({ imported: "known", epoch: 2n, digest: hex(2) });
    expect(await move(young, old)).to.include({ imported: "known", epoch: 2n });
  });

  it("lets a key sign neither of two checkpoints that its journals know for one epoch", async () => {
    const [one, other] = [await journals(record(1n, 1, 10n)), await journals(record(1n, 3, 20n))];
    expect(await move(other, one)).to.include({
      imported: "conflict",
      epoch: 1n,
      digest: null,
      asOf: 20n,
    });
    expect(await move(other, one)).to.include({ imported: "known", epoch: 1n, digest: null });
  });
});
