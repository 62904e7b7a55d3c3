import { writeSync } from "node:fs";
import { type FileHandle, open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";

import { makeFolder } from "@compute-credits/platform/process/makeFolder";
import { hasCode } from "@compute-credits/platform/process/errorCode";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { Entry, type LeaseState } from "./entries.ts";
import { after } from "./state.ts";

/** A lease's journal. What is in it survives SIGKILL and a power cut. */
export interface Journal {
  /** after all entries; `null` if there is none yet */
  readonly state: LeaseState | null;
  /** Writes an entry and flushes it, and only then resolves, with the state after it. */
  append(entry: Entry): Promise<LeaseState>;
  /**
   * Takes an entry that a crash may lose, because the same request is sent again then and has the
   * same answer. It is written with the next one.
   */
  note(entry: Entry): void;
  close(): Promise<void>;
}

/** A journal has at most so many entries, and is then written anew as its state. */
const MOST_ENTRIES = 2_000;

/** No journal becomes longer than this: a longer file is another's. */
const MOST_BYTES = 64 * 1_048_576;

const FILE = "journal.jsonl";

/**
 * Opens the journal in a folder. An entry that a crash cut off is dropped: nothing was sent for it,
 * because each entry is flushed before what it announces. Rejects if a whole entry is damaged.
 */
export async function openJournal(
  folder: string,
  { mostEntries = MOST_ENTRIES }: { readonly mostEntries?: number } = {},
): Promise<Journal> {
  await makeFolder(folder);
  const path = join(folder, FILE);
  const found = await readEntries(path);
  let state = found.entries.reduce<LeaseState | null>(after, null);
  let count = found.entries.length;
  let noted = "";
  let file = await open(path, "a", 0o600);
  await file.truncate(found.bytes);
  await flushFolder(folder);

  /** Writes the state as the only entry of a new file, which then takes the journal's place. */
  async function shorten(): Promise<void> {
    if (state === null) return;
    const part = await open(`${path}.part`, "w", 0o600);
    await write(part, textOf({ is: "state", state }));
    await part.close();
    await file.close();
    await rename(`${path}.part`, path);
    await flushFolder(folder);
    file = await open(path, "a", 0o600);
    count = 1;
  }

  return {
    get state() {
      return state;
    },
    note(entry) {
      state = after(state, entry);
      noted += textOf(entry);
      count += 1;
    },
    async append(entry) {
      const next = after(state, entry);
      const text = `${noted}${textOf(entry)}`;
      noted = "";
      await write(file, text);
      state = next;
      count += 1;
      if (count >= mostEntries) await shorten();
      return next;
    },
    async close() {
      if (noted !== "") await write(file, noted);
      await file.close();
    },
  };
}

/** The state of a lease whose agent may be writing; `null` if there is none. Changes nothing. */
export async function readState(folder: string): Promise<LeaseState | null> {
  const { entries } = await readEntries(join(folder, FILE));
  return entries.reduce<LeaseState | null>(after, null);
}

function textOf(entry: Entry): string {
  return `${jsonText(entry)}\n`;
}

async function write(file: FileHandle, text: string): Promise<void> {
  // Into the system's memory at once; the disk is what is waited for.
  const bytes = Buffer.from(text);
  const written = writeSync(file.fd, bytes);
  if (written < bytes.length) throw new Error("the journal's disk is full: make room");
  await file.datasync();
}

/** A file's name is on the disk only once its folder is. */
async function flushFolder(folder: string): Promise<void> {
  for (const path of [folder, dirname(folder)]) {
    // oxlint-disable-next-line no-await-in-loop -- two
    const handle = await open(path, "r");
    // oxlint-disable-next-line no-await-in-loop
    await handle.sync();
    // oxlint-disable-next-line no-await-in-loop
    await handle.close();
  }
}

/** The whole entries of a file, and how many bytes they are. */
async function readEntries(path: string): Promise<{ entries: Entry[]; bytes: number }> {
  const content = await readFile(path).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return Buffer.alloc(0);
    throw error;
  });
  if (content.length > MOST_BYTES) throw new Error(`${path} is too long for a journal`);
  const bytes = content.lastIndexOf(0x0a) + 1;
  const lines = content.subarray(0, bytes).toString("utf8").split("\n").slice(0, -1);
  return { entries: lines.map((line, index) => parse(line, `${path}:${index + 1}`)), bytes };
}

function parse(line: string, at: string): Entry {
  try {
    return Entry.parse(JSON.parse(line));
  } catch (cause) {
    throw new Error(`${at} is damaged: move the folder away, and look at its holds`, { cause });
  }
}
