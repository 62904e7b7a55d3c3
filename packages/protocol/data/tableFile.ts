import { type Hex, bytesToHex } from "viem";

import { ByteSource } from "./byteSource.ts";
import { TABLE_MAGIC, dataHashOf } from "./checkpointData.ts";
import { ROW_BYTES } from "../keccak/keccakModule.ts";
import { concatBytes } from "../tree/levels.ts";
import { MalformedData } from "./malformedData.ts";
import { RowChecks, type RowTotals } from "./rowChecks.ts";
import { SECTION_ROWS, TableHasher, sectionCount, sectionHash } from "../tree/tableHasher.ts";

/** What a file of all rows says. */
export interface TableSummary {
  readonly rowCount: number;
  readonly root: Hex;
  readonly dataHash: Hex;
  /** sums over all rows, in micro-credits */
  readonly totals: RowTotals;
}

/**
 * Reads a file of all rows as it arrives (docs/checkpoint-data.md), in the memory of one section and of the parties seen.
 * `onRows` is given the rows of each section, 44 bytes each, once they are checked against the head. Throws
 * `MalformedData` at the first thing that is not as described.
 */
export async function readTable(
  pieces: AsyncIterable<Uint8Array>,
  onRows: (rows: Uint8Array, firstPlace: number) => void = () => undefined,
): Promise<TableSummary> {
  const source = new ByteSource(pieces);
  const magic = await source.take(TABLE_MAGIC.length, "its name");
  if (bytesToHex(magic) !== bytesToHex(TABLE_MAGIC)) {
    throw new MalformedData("unknown_format", 'the file does not begin with "CCROWS01"');
  }
  const count = await source.take(4, "the number of rows");
  const rowCount = new DataView(count.buffer, count.byteOffset).getUint32(0);
  if (rowCount === 0) throw new MalformedData("no_rows", "the file says that it has no rows");
  const sections = await source.take(sectionCount(rowCount) * 32, "the hashes of the sections");

  const hasher = new TableHasher();
  const checks = new RowChecks();
  for (let first = 0; first < rowCount; first += SECTION_ROWS) {
    const section = first / SECTION_ROWS;
    const length = Math.min(SECTION_ROWS, rowCount - first);
    // oxlint-disable-next-line no-await-in-loop -- section after section
    const rows = await source.take(length * ROW_BYTES, `section ${section}`);
    hasher.push(rows);
    const known = hasher.closed(section) ?? sectionHash(hasher.finish().sections, section);
    if (bytesToHex(known) !== bytesToHex(sectionHash(sections, section))) {
      throw new MalformedData(
        "section_mismatch",
        `section ${section} (rows ${first} to ${first + length - 1}) is not the one that the head has the hash of`,
      );
    }
    checks.push(rows);
    onRows(rows, first);
  }
  await source.end();
  return {
    rowCount,
    root: bytesToHex(hasher.finish().root),
    dataHash: dataHashOf(concatBytes([magic, count, sections])),
    totals: checks.totals,
  };
}

/** How long a file of so many rows is. */
export function tableBytes(rowCount: number): number {
  return TABLE_MAGIC.length + 4 + sectionCount(rowCount) * 32 + rowCount * ROW_BYTES;
}
