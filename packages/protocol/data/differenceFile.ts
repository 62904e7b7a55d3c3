import { type Hex, bytesToHex, hexToBytes, stringToBytes } from "viem";

import { ByteSource } from "./byteSource.ts";
import { dataHashOf, headOf } from "./checkpointData.ts";
import { ROW_BYTES } from "../keccak/keccakModule.ts";
import { concatBytes } from "../tree/levels.ts";
import { MalformedData } from "./malformedData.ts";
import { checkedRow } from "./rowChecks.ts";
import { partyAt } from "../tree/rowBytes.ts";
import { TableHasher } from "../tree/tableHasher.ts";

/** What a file of the rows that changed begins with: the name of the format, and its version. */
export const DIFFERENCE_MAGIC = stringToBytes("CCDIFF01");

const HEADER_BYTES = 8 + 32 + 32 + 4 + 4 + 4;
const ENTRY_BYTES = 4 + ROW_BYTES;

/** From which table to which, and how many rows differ. */
export interface DifferenceHeader {
  readonly baseDataHash: Hex;
  readonly dataHash: Hex;
  readonly baseRowCount: number;
  readonly rowCount: number;
  readonly changedCount: number;
}

export interface Difference extends DifferenceHeader {
  /** ascending */
  readonly places: readonly number[];
  /** 44 bytes for each place */
  readonly rows: Uint8Array;
}

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

/** Entries of the file: place and row, one behind the other. */
export function differenceEntries(places: readonly number[], rows: Uint8Array): Uint8Array {
  const entries = new Uint8Array(places.length * ENTRY_BYTES);
  const view = new DataView(entries.buffer);
  places.forEach((place, index) => {
    view.setUint32(index * ENTRY_BYTES, place);
    entries.set(rows.subarray(index * ROW_BYTES, (index + 1) * ROW_BYTES), index * ENTRY_BYTES + 4);
  });
  return entries;
}

export function differenceBytes(changedCount: number): number {
  return HEADER_BYTES + changedCount * ENTRY_BYTES;
}

/** Reads a file of the rows that changed. Throws `MalformedData` at the first thing that is not as described. */
export async function readDifference(pieces: AsyncIterable<Uint8Array>): Promise<Difference> {
  const source = new ByteSource(pieces);
  const header = readHeader(await source.take(HEADER_BYTES, "the header"));
  const { baseRowCount, rowCount, changedCount } = header;
  if (rowCount < baseRowCount || baseRowCount === 0) {
    throw new MalformedData(
      "no_rows",
      `a table of ${baseRowCount} rows can't become one of ${rowCount}`,
    );
  }

  const places: number[] = [];
  const rows: Uint8Array[] = [];
  for (let index = 0; index < changedCount; index++) {
    // oxlint-disable-next-line no-await-in-loop -- entry after entry
    const entry = await source.take(ENTRY_BYTES, `entry ${index} of ${changedCount}`);
    const place = new DataView(entry.buffer, entry.byteOffset).getUint32(0);
    if (place <= (places.at(-1) ?? -1) || place >= rowCount) {
      throw new MalformedData("places_out_of_order", `entry ${index} is of place ${place}`);
    }
    const row = entry.subarray(4);
    checkedRow(row, 0, place);
    places.push(place);
    rows.push(row);
  }
  await source.end();

  const added = places.filter((place) => place >= baseRowCount).length;
  if (added !== rowCount - baseRowCount) {
    throw new MalformedData(
      "place_missing",
      `${rowCount - baseRowCount} rows are new and the file has ${added} of them`,
    );
  }
  return { ...header, places, rows: concatBytes(rows) };
}

/**
 * The rows after a difference: from all rows before it, 44 bytes each. Throws `MalformedData` where these are not the
 * rows that it starts from, or where the result is not what it says.
 */
export function applyDifference(base: Uint8Array, difference: Difference): Uint8Array<ArrayBuffer> {
  if (dataHashOfRows(base) !== difference.baseDataHash) {
    throw new MalformedData(
      "other_base",
      `the difference starts from the table with the data hash ${difference.baseDataHash}, which this is not`,
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
          `place ${place} is ${partyAt(before, 0)}'s for ever, and the difference has ${partyAt(row, 0)} there`,
        );
      }
      if (bytesToHex(before) === bytesToHex(row)) {
        throw new MalformedData("row_unchanged", `the row at place ${place} is the same as before`);
      }
    }
    rows.set(row, place * ROW_BYTES);
  });
  const dataHash = dataHashOfRows(rows);
  if (dataHash !== difference.dataHash) {
    throw new MalformedData(
      "data_hash_mismatch",
      `the rows have the data hash ${dataHash}, the difference says ${difference.dataHash}`,
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
  return dataHashOf(headOf(hasher.finish()));
}
