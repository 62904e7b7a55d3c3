import { randomUUID } from "node:crypto";
import { type FileHandle, link, open, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

import { hasCode } from "../process/errorCode.ts";
import { makeFolder } from "../process/makeFolder.ts";
import {
  JournalHead,
  type JournalOwner,
  type JournalRecord,
  JournalRecordJson,
  TORN,
  headLine,
  isSameLedger,
  ledgerFilePart,
  readLine,
  recordLine,
} from "./journalLine.ts";

/** Thrown if a journal cannot be read as it was written: nothing may be signed with it. */
export class JournalDamaged extends Error {
  override readonly name = "JournalDamaged";
}

/**
 * What one key has signed for one deployment, in a file outside the database. It only grows. Any
 * number of processes may use the same file: each record names the one that it follows, the first
 * one in the file counts, and a writer signs only after it has read its own record back.
 */
export interface SigningJournal {
  readonly owner: JournalOwner;
  readonly path: string;
  /** Reads the last signature. `null` without a file. Throws `JournalDamaged`. */
  last(): Promise<JournalRecord | null>;
  /** Makes the file, with its first record. Returns false if there is one by now. */
  begin(first: JournalRecord): Promise<boolean>;
  /** Resolves when the record is on disk. Returns false if another record came before it. */
  append(record: JournalRecord): Promise<boolean>;
}

/** Opens the journal of a key in a folder. Makes no file. */
export function openSigningJournal(folder: string, owner: JournalOwner): SigningJournal {
  const path = journalPath(folder, owner);
  let known = NOTHING_READ;

  /** Reads what was written since the last time, and returns the records that count. */
  async function readOn(): Promise<readonly JournalRecord[]> {
    const handle = await openExisting(path);
    if (handle === null) {
      if (known.last !== null) throw damaged(path, "the file is gone while it was in use");
      return [];
    }
    try {
      const { ino, size } = await handle.stat();
      if (known.last !== null && (ino !== known.inode || size < known.offset)) {
        throw damaged(path, "the file was replaced while it was in use");
      }
      const { lines, end } = await linesAfter(handle, known.offset, size);
      const counted: JournalRecord[] = [];
      let { last, isOwned } = known;
      for (const line of lines) {
        const document = readLine(line);
        if (document === null) throw damaged(path, "a line is not as it was written");
        if (!isOwned) {
          checkOwner(path, owner, document);
          isOwned = true;
          continue;
        }
        const record = JournalRecordJson.parse(document);
        if (last !== null && !follows(record, last)) continue;
        last = record;
        counted.push(record);
      }
      if (last === null) throw damaged(path, "it has no record");
      known = { inode: ino, offset: end, last, isOwned };
      return counted;
    } finally {
      await handle.close();
    }
  }

  return {
    owner,
    path,

    async last() {
      await readOn();
      return known.last;
    },

    async begin(first) {
      await makeFolder(folder);
      const draft = `${path}.${randomUUID()}`;
      try {
        await writeAndSync(draft, "wx", `${headLine(owner)}${recordLine(first)}`);
        // Unlike a rename, a link never replaces a file that is there.
        await link(draft, path);
      } catch (error) {
        if (hasCode(error, "EEXIST")) return false;
        throw error;
      } finally {
        await rm(draft, { force: true });
      }
      await syncFolder(dirname(path));
      return true;
    },

    async append(record) {
      await readOn();
      // Closes the line that a power cut tore: appended text must begin a line of its own.
      const isTorn = await endsInsideLine(path, known.offset);
      await writeAndSync(path, "a", `${isTorn ? `${TORN}\n` : ""}${recordLine(record)}`);
      const text = recordLine(record);
      return (await readOn()).some((counted) => recordLine(counted) === text);
    },
  };
}

/** The file's name has the address first, so that an operator finds it. */
export function journalPath(folder: string, { address, ...ledger }: JournalOwner): string {
  return join(resolve(folder), `${address}-${ledgerFilePart(ledger)}.journal`);
}

interface Known {
  readonly inode: number;
  /** bytes read, up to the end of a line */
  readonly offset: number;
  readonly last: JournalRecord | null;
  readonly isOwned: boolean;
}

const NOTHING_READ: Known = { inode: 0, offset: 0, last: null, isOwned: false };

/** Epochs only grow; a second record of one epoch needs an excuse and names the record before. */
function follows(record: JournalRecord, last: JournalRecord): boolean {
  if (record.epoch !== last.epoch) return record.epoch > last.epoch;
  return record.excuse !== null && record.replaces === last.digest;
}

function checkOwner(path: string, owner: JournalOwner, document: unknown): void {
  const head = JournalHead.safeParse(document);
  const isOurs =
    head.success && head.data.address === owner.address && isSameLedger(head.data, owner);
  if (!isOurs) throw damaged(path, `it is not the journal of ${owner.address} for this deployment`);
}

function damaged(path: string, why: string): JournalDamaged {
  return new JournalDamaged(
    `the signing journal ${path} cannot be used: ${why}. Nothing is signed with it: ` +
      "put the right file back, or import an export of it (npm run journal -- import)",
  );
}

/** The whole lines after an offset, without torn ones, and where the last one ends. */
async function linesAfter(
  handle: FileHandle,
  offset: number,
  size: number,
): Promise<{ readonly lines: readonly string[]; readonly end: number }> {
  const bytes = Buffer.alloc(size - offset);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset);
  const read = bytes.subarray(0, bytesRead);
  const end = read.lastIndexOf("\n") + 1;
  const lines = read.subarray(0, end).toString("utf8").split("\n");
  return { lines: lines.filter((line) => line !== "" && !line.endsWith(TORN)), end: offset + end };
}

async function endsInsideLine(path: string, offset: number): Promise<boolean> {
  const handle = await open(path, "r");
  try {
    return (await handle.stat()).size > offset;
  } finally {
    await handle.close();
  }
}

async function writeAndSync(path: string, flags: "a" | "wx", text: string): Promise<void> {
  const handle = await open(path, flags, 0o600);
  try {
    // One write: the system appends it as a whole, also beside other writers.
    await handle.write(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the new file's name durable too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function openExisting(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  }
}
