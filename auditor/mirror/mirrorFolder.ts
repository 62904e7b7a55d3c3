import { createReadStream } from "node:fs";
import { type FileHandle, open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

import { z } from "zod";

import { ConfigError } from "@compute-credits/platform/process/environment";
import { hasCode } from "@compute-credits/platform/process/errorCode";
import { makeFolder } from "@compute-credits/platform/process/makeFolder";
import { SignerSignatureJson } from "@compute-credits/protocol/json/checkpoint";
import { Bytes32Field } from "@compute-credits/protocol/json/fields";
import { jsonText } from "@compute-credits/protocol/jsonText";
import {
  FIRST_HEAD,
  type LogSegment,
  createEntriesHash,
  headAfter,
} from "@compute-credits/rules/log/logChain";
import { whole } from "@compute-credits/rules/log/storedJson";

/** A segment as a mirror keeps it, and, with signatures, as servers answer it. */
export const SegmentJson = z.object({
  number: whole,
  since: z.string().nullable(),
  upTo: z.string(),
  entries: whole,
  entriesHash: Bytes32Field,
  head: Bytes32Field,
});

/** A signer's word for the log up to a segment. */
const SignedHeadJson = SignerSignatureJson.extend({ segment: whole, head: Bytes32Field });

export type SignedHead = z.output<typeof SignedHeadJson>;

/** Thrown if a copy, or what a server sends, does not fit its hashes. */
export class MirrorMismatch extends Error {
  override readonly name = "MirrorMismatch";
}

/**
 * A copy of the log in a folder: `segments.jsonl` lists the segments, and each has its entries in a
 * file of its own, a line of canonical JSON per entry. Files are on disk before the list names them.
 * `heads.json` has the newest signed head of each signer. One process may write at a time.
 */
export interface MirrorFolder {
  /** `null` before the first segment */
  last(): LogSegment | null;
  /** Yields all segments in order, from the disk. */
  segments(): AsyncIterable<LogSegment>;
  /** Writes the entries of a segment, in order. Rejects with `MirrorMismatch` if they do not fit. */
  add(segment: LogSegment, pages: AsyncIterable<readonly object[]>): Promise<void>;
  /** Yields the entries of a segment. */
  entries(number: bigint): AsyncIterable<object>;
  /** the newest signed head of each signer, former signers included */
  heads(): readonly SignedHead[];
  /** Keeps signed heads that are newer than those of the same signers. */
  addHeads(heads: readonly SignedHead[]): Promise<void>;
  /** Reads everything again. Rejects with `MirrorMismatch` at the first thing that does not fit. */
  verify(): Promise<void>;
}

/** Files in one folder. */
const SEGMENTS_PER_FOLDER = 1_000n;

/** Rejects with a `ConfigError` that names the folder if it cannot be made or written. */
export async function openMirrorFolder(folder: string): Promise<MirrorFolder> {
  const [list, headsFile] = [join(folder, "segments.jsonl"), join(folder, "heads.json")];
  try {
    await makeFolder(folder);
    await cutTornLine(list);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`${folder} cannot hold the copy (${reason}): choose another folder`, {
      cause,
    });
  }

  let last: LogSegment | null = null;
  for await (const segment of segments()) last = segment;
  let heads = z.array(SignedHeadJson).parse(JSON.parse(await readIfThere(headsFile, "[]")));

  function fileOf(number: bigint): string {
    const group = `${number / SEGMENTS_PER_FOLDER}`.padStart(6, "0");
    return join(folder, group, `${`${number}`.padStart(9, "0")}.jsonl`);
  }

  async function* segments(): AsyncIterable<LogSegment> {
    for await (const line of linesOf(list)) yield SegmentJson.parse(JSON.parse(line));
  }

  async function* entries(number: bigint): AsyncIterable<object> {
    for await (const line of linesOf(fileOf(number))) {
      yield z.looseObject({}).parse(JSON.parse(line));
    }
  }

  return {
    segments,
    entries,
    last: () => last,
    heads: () => heads,

    async add(segment, pages) {
      const path = fileOf(segment.number);
      await makeFolder(dirname(path));
      const hash = createEntriesHash();
      await writing(`${path}.part`, "w", async (file) => {
        for await (const page of pages) await file.write(page.map((one) => hash.add(one)).join(""));
      });
      requireEntries(segment, hash.digest());
      await rename(`${path}.part`, path);
      await writing(list, "a", async (file) => {
        await file.write(`${jsonText(segment)}\n`);
      });
      last = segment;
    },

    async addHeads(signed) {
      const newest = new Map(heads.map((head) => [head.signer, head]));
      for (const head of signed) {
        const known = newest.get(head.signer);
        if (known === undefined || known.segment < head.segment) newest.set(head.signer, head);
      }
      const kept = [...newest.values()];
      if (kept.length === heads.length && kept.every((head) => heads.includes(head))) return;
      await writing(`${headsFile}.part`, "w", async (file) => {
        await file.write(`${jsonText(kept)}\n`);
      });
      await rename(`${headsFile}.part`, headsFile);
      heads = kept;
    },

    async verify() {
      const unmatched = new Set(heads);
      let before: LogSegment | null = null;
      for await (const segment of segments()) {
        requireSuccession(before, segment);
        const hash = createEntriesHash();
        for await (const entry of entries(segment.number)) hash.add(entry);
        requireEntries(segment, hash.digest());
        for (const head of unmatched) {
          if (head.segment === segment.number && head.head === segment.head) unmatched.delete(head);
        }
        before = segment;
      }
      for (const { segment, signer } of unmatched) {
        throw new MirrorMismatch(`the head of segment ${segment} is not the one ${signer} signed`);
      }
    },
  };
}

/** Throws `MirrorMismatch` unless a segment follows the one before it. */
export function requireSuccession(before: LogSegment | null, next: LogSegment): void {
  const number = (before?.number ?? 0n) + 1n;
  const { head, ...hashed } = next;
  const follows =
    next.number === number &&
    next.since === (before?.upTo ?? null) &&
    head === headAfter(before?.head ?? FIRST_HEAD, hashed);
  if (!follows) {
    throw new MirrorMismatch(`segment ${next.number} does not follow segment ${number - 1n}`);
  }
}

function requireEntries(
  { number, entries, entriesHash }: LogSegment,
  found: Pick<LogSegment, "entries" | "entriesHash">,
): void {
  if (found.entries === entries && found.entriesHash === entriesHash) return;
  throw new MirrorMismatch(
    `segment ${number} should have ${entries} entries with the hash ${entriesHash}, ` +
      `and has ${found.entries} with ${found.entriesHash}`,
  );
}

function linesOf(path: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(path) });
}

/** More bytes than a line of the list has. */
const TAIL_BYTES = 1_048_576;

/** Makes the list, if it is not there. A line that a power cut tore is copied from the server again. */
async function cutTornLine(list: string): Promise<void> {
  const file = await open(list, "a+", 0o600);
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - TAIL_BYTES);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), { position: start });
    const end = start + buffer.subarray(0, bytesRead).lastIndexOf("\n") + 1;
    if (end < size) await file.truncate(end);
  } finally {
    await file.close();
  }
}

async function readIfThere(path: string, otherwise: string): Promise<string> {
  return await readFile(path, "utf8").catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return otherwise;
    throw error;
  });
}

async function writing(
  path: string,
  flags: "a" | "w",
  work: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags, 0o600);
  try {
    await work(file);
    await file.sync();
  } finally {
    await file.close();
  }
}
