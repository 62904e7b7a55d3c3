import { type Hex, bytesToHex } from "viem";

import { ByteSource } from "./byteSource.ts";
import { TABLE_MAGIC, dataHashOf } from "./checkpointData.ts";
import { ROW_BYTES } from "../keccak/keccakModule.ts";
import { concatBytes } from "../tree/levels.ts";
import { MalformedData } from "./malformedData.ts";
import { RowChecks, type RowTotals } from "./rowChecks.ts";
import { SECTION_ROWS, TableHasher, sectionCount, sectionHash } from "../tree/tableHasher.ts";

/** The contents of a table file in short. */
export interface TableSummary {
  readonly rowCount: number;
  readonly root: Hex;
  readonly dataHash: Hex;
  /** sums over all rows, in micro-credits */
  readonly totals: RowTotals;
}

/**
 * Reads a table file as it arrives (docs/checkpoint-data.md). Keeps one section and all parties in
 * memory. Calls `onRows` with each section's rows (44 bytes each) after checking them against the
 * head. Throws `MalformedData` at the first violation of the format.
 */
export async function readTable(
  chunks: AsyncIterable<Uint8Array>,
  onRows: (rows: Uint8Array, firstPlace: number) => void = () => undefined,
): Promise<TableSummary> {
  const source = new ByteSource(chunks);
  const magic = await source.take(TABLE_MAGIC.length, "the format's name");
  if (bytesToHex(magic) !== bytesToHex(TABLE_MAGIC)) {
    throw new MalformedData("unknown_format", 'the file does not begin with "CCROWS01"');
  }
  const count = await source.take(4, "the number of rows");
  const rowCount = new DataView(count.buffer, count.byteOffset).getUint32(0);
  if (rowCount === 0) throw new MalformedData("no_rows", "the file has no rows");
  const sections = await source.take(sectionCount(rowCount) * 32, "the hashes of the sections");

  const hasher = new TableHasher();
  const checks = new RowChecks();
  for (let first = 0; first < rowCount; first += SECTION_ROWS) {
    const section = first / SECTION_ROWS;
    const length = Math.min(SECTION_ROWS, rowCount - first);
    // oxlint-disable-next-line no-await-in-loop -- sections are read in order
    const rows = await source.take(length * ROW_BYTES, `section ${section}`);
    hasher.push(rows);
    const known = hasher.sectionRoot(section) ?? sectionHash(hasher.finish().sections, section);
    if (bytesToHex(known) !== bytesToHex(sectionHash(sections, section))) {
      throw new MalformedData(
        "section_mismatch",
        `section ${section} (rows ${first} to ${first + length - 1}) does not match its hash in the head`,
      );
    }
    checks.push(rows);
    onRows(rows, first);
  }
  await source.expectEnd();
  return {
    rowCount,
    root: bytesToHex(hasher.finish().root),
    dataHash: dataHashOf(concatBytes([magic, count, sections])),
    totals: checks.totals,
  };
}

/** The size in bytes of a table file with `rowCount` rows. */
export function tableBytes(rowCount: number): number {
  return TABLE_MAGIC.length + 4 + sectionCount(rowCount) * 32 + rowCount * ROW_BYTES;
}
