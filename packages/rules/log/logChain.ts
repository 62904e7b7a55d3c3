import { createHash } from "node:crypto";

import { type Hex, zeroHash } from "viem";

import { canonicalText } from "./canonicalText.ts";

/** A published piece of the log: the entries that the snapshot `upTo` sees and `since` does not. */
export interface LogSegment {
  /** 1 for the first, then without gaps */
  readonly number: bigint;
  /** the `upTo` of the segment before; `null` for the first */
  readonly since: string | null;
  readonly upTo: string;
  /** how many entries it has */
  readonly entries: bigint;
  /** of the entries in log order, by `createEntriesHash` */
  readonly entriesHash: Hex;
  /** of this segment and all before it */
  readonly head: Hex;
}

/** The head before the first segment. */
export const FIRST_HEAD: Hex = zeroHash;

/** SHA-256 of entries, each as canonical JSON on a line of its own. */
export function createEntriesHash() {
  const hash = createHash("sha256");
  let entries = 0n;
  return {
    /** Adds an entry, as the ledger has it or as it was read from JSON, and returns its line. */
    add(entry: object): string {
      const line = `${canonicalText(entry)}\n`;
      hash.update(line);
      entries++;
      return line;
    },
    /** Ends the hash. */
    digest(): Pick<LogSegment, "entries" | "entriesHash"> {
      return { entries, entriesHash: `0x${hash.digest("hex")}` };
    },
  };
}

/** The head of a segment, which follows the head `before`. */
export function headAfter(before: Hex, segment: Omit<LogSegment, "head">): Hex {
  const { number, since, upTo, entries, entriesHash } = segment;
  const text = canonicalText({ before, number, since, upTo, entries, entriesHash });
  return `0x${createHash("sha256").update(text).digest("hex")}`;
}
