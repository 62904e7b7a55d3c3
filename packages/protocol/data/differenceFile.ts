import { type Hex, bytesToHex, hexToBytes, stringToBytes } from "viem";

import { ByteSource } from "./byteSource.ts";
import { dataHashOf, tableHead } from "./checkpointData.ts";
import { ROW_BYTES } from "../keccak/keccakModule.ts";
import { concatBytes } from "../tree/levels.ts";
import { MalformedData } from "./malformedData.ts";
import { checkedRow } from "./rowChecks.ts";
import { partyAt } from "../tree/rowBytes.ts";
import { TableHasher } from "../tree/tableHasher.ts";

/** The first eight bytes of a difference file: the format's name and version. */
export const DIFFERENCE_MAGIC = stringToBytes("CCDIFF01");

const HEADER_BYTES = 8 + 32 + 32 + 4 + 4 + 4;
const ENTRY_BYTES = 4 + ROW_BYTES;

/** The tables that a difference connects, and the number of rows that differ. */
export interface DifferenceHeader {
  readonly baseDataHash: Hex;
  readonly dataHash: Hex;
  readonly baseRowCount: number;
  readonly rowCount: number;
  readonly changedCount: number;
}

/** The rows that changed from one table to the next. */
export interface Difference extends DifferenceHeader {
  /** indexes of the changed rows, ascending */
  readonly places: readonly number[];
  /** the new rows in the order of `places`, 44 bytes each */
  readonly rows: Uint8Array;
}

/** The file's header: magic, both data hashes, then the three counts as big-endian uint32. */
export function differenceHeader(header: DifferenceHeader): Uint8Array {
  const counts = new Uint8Array(12);
  const view = new DataView(counts.buffer);
  view.setUint32(0, header.baseRowCount);
  view.setUint32(4, header.rowCount);
  view.setUint32(8, header.changedCount);
  return concatBytes([
    DIFFERENCE_MAGIC,
    hexToBytes(header.baseDataHash),
    hexToBytes(header.dataHash),
    counts,
  ]);
}

/** The file's entries: each place (uint32) followed by its row (44 bytes). */
export function differenceEntries(places: readonly number[], rows: Uint8Array): Uint8Array {
  const entries = new Uint8Array(places.length * ENTRY_BYTES);
  const view = new DataView(entries.buffer);
  places.forEach((place, index) => {
    view.setUint32(index * ENTRY_BYTES, place);
    entries.set(rows.subarray(index * ROW_BYTES, (index + 1) * ROW_BYTES), index * ENTRY_BYTES + 4);
  });
  return entries;
}

/** The size in bytes of a file with `changedCount` entries. */
export function differenceBytes(changedCount: number): number {
  return HEADER_BYTES + changedCount * ENTRY_BYTES;
}

/** Reads a difference file. Throws `MalformedData` at the first violation of the format. */
export async function readDifference(chunks: AsyncIterable<Uint8Array>): Promise<Difference> {
  const source = new ByteSource(chunks);
  const header = readHeader(await source.take(HEADER_BYTES, "the header"));
  const { baseRowCount, rowCount, changedCount } = header;
  if (rowCount < baseRowCount || baseRowCount === 0) {
    throw new MalformedData(
      "no_rows",
      `a table of ${baseRowCount} rows can't become a table of ${rowCount} rows`,
    );
  }

  const places: number[] = [];
  const rows: Uint8Array[] = [];
  for (let index = 0; index < changedCount; index++) {
    // oxlint-disable-next-line no-await-in-loop -- entries are read in order
    const entry = await source.take(ENTRY_BYTES, `entry ${index} of ${changedCount}`);
    const place = new DataView(entry.buffer, entry.byteOffset).getUint32(0);
    if (place <= (places.at(-1) ?? -1) || place >= rowCount) {
      throw new MalformedData(
        "places_out_of_order",
        `entry ${index} has place ${place}: places must ascend and be below ${rowCount}`,
      );
    }
    const row = entry.subarray(4);
    checkedRow(row, 0, place);
    places.push(place);
    rows.push(row);
  }
  await source.expectEnd();

  const added = places.filter((place) => place >= baseRowCount).length;
  if (added !== rowCount - baseRowCount) {
    throw new MalformedData(
      "place_missing",
      `the table grows by ${rowCount - baseRowCount} rows, but the file has ${added} new rows`,
    );
  }
  return { ...header, places, rows: concatBytes(rows) };
}

/**
 * Applies a difference to the rows of its base table (44 bytes each) and returns all new rows.
 * Throws `MalformedData` if `base` does not have the base's data hash, or if the result does not
 * have the data hash that the header states.
 */
export function applyDifference(base: Uint8Array, difference: Difference): Uint8Array<ArrayBuffer> {
  if (dataHashOfRows(base) !== difference.baseDataHash) {
    throw new MalformedData(
      "other_base",
      `the difference applies to the table with data hash ${difference.baseDataHash}, not to this one`,
    );
  }
  const rows = new Uint8Array(difference.rowCount * ROW_BYTES);
  rows.set(base);
  difference.places.forEach((place, index) => {
    const row = difference.rows.subarray(index * ROW_BYTES, (index + 1) * ROW_BYTES);
    if (place < difference.baseRowCount) {
      const before = base.subarray(place * ROW_BYTES, (place + 1) * ROW_BYTES);
      if (partyAt(before, 0) !== partyAt(row, 0)) {
        throw new MalformedData(
          "party_moved",
          `place ${place} belongs to ${partyAt(before, 0)}, but the difference puts ${partyAt(row, 0)} there`,
        );
      }
      if (bytesToHex(before) === bytesToHex(row)) {
        throw new MalformedData("row_unchanged", `the row at place ${place} did not change`);
      }
    }
    rows.set(row, place * ROW_BYTES);
  });
  const dataHash = dataHashOfRows(rows);
  if (dataHash !== difference.dataHash) {
    throw new MalformedData(
      "data_hash_mismatch",
      `the rows have the data hash ${dataHash}, but the difference states ${difference.dataHash}`,
    );
  }
  return rows;
}

function readHeader(bytes: Uint8Array): DifferenceHeader {
  if (bytesToHex(bytes.subarray(0, 8)) !== bytesToHex(DIFFERENCE_MAGIC)) {
    throw new MalformedData("unknown_format", 'the file does not begin with "CCDIFF01"');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return {
    baseDataHash: bytesToHex(bytes.subarray(8, 40)),
    dataHash: bytesToHex(bytes.subarray(40, 72)),
    baseRowCount: view.getUint32(72),
    rowCount: view.getUint32(76),
    changedCount: view.getUint32(80),
  };
}

function dataHashOfRows(rows: Uint8Array): Hex {
  const hasher = new TableHasher();
  hasher.push(rows);
  return dataHashOf(tableHead(hasher.finish()));
}
