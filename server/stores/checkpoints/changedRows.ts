import type { Hex } from "viem";

import { ROW_BYTES } from "@compute-credits/protocol/keccak/keccakModule";
import { SECTION_ROWS } from "@compute-credits/protocol/tree/tableHasher";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { ROW_AS_BYTES, readRowBytes, toBytes } from "./rowsAt.ts";
import { PAGE_NODES } from "./page.ts";

/** Rows in their published form, with their places in the table, ascending. */
export interface PlacedRows {
  readonly places: readonly number[];
  readonly bytes: Uint8Array;
}

/**
 * Yields the rows that a checkpoint changed, in chunks. The rows of one tree page are always in one
 * chunk.
 */
export async function* changedRows(sql: Sql, id: bigint): AsyncGenerator<PlacedRows> {
  for (let from = 0; ;) {
    // Plan: a range of checkpoint_rows by primary key.
    // oxlint-disable-next-line no-await-in-loop -- chunks bound the memory
    const [found] = await sql.query<{ places: Hex | null; bytes: Hex | null }>(
      `select string_agg(int4send(place::integer), ''::bytea order by place) as places,
         string_agg(${ROW_AS_BYTES}, ''::bytea order by place) as bytes
       from (select * from checkpoint_rows where checkpoint = $1 and place >= $2
         order by place limit $3) as changed`,
      [id, from, SECTION_ROWS],
    );
    const rows = {
      places: readPlaces(found?.places ?? "0x"),
      bytes: toBytes(found?.bytes ?? "0x"),
    };
    if (rows.places.length < SECTION_ROWS) {
      if (rows.places.length > 0) yield rows;
      return;
    }
    const wholePages = withoutLastPage(rows);
    yield wholePages;
    from = (wholePages.places.at(-1) ?? from) + 1;
  }
}

/** Yields all rows of a checkpoint, one section per chunk. */
export async function* allRows(
  sql: Sql,
  { id, rowCount }: { id: bigint; rowCount: number },
): AsyncGenerator<PlacedRows> {
  for (let first = 0; first < rowCount; first += SECTION_ROWS) {
    const count = Math.min(SECTION_ROWS, rowCount - first);
    // oxlint-disable-next-line no-await-in-loop -- chunks bound the memory
    const bytes = await readRowBytes(sql, id, { first, count });
    yield { places: Array.from({ length: count }, (_, index) => first + index), bytes };
  }
}

/**
 * Drops the last page, whose rows may go on in the next chunk. A full chunk spans several pages, so
 * rows remain.
 */
function withoutLastPage({ places, bytes }: PlacedRows): PlacedRows {
  const lastPage = Math.floor((places.at(-1) ?? 0) / PAGE_NODES);
  const kept = places.filter((place) => Math.floor(place / PAGE_NODES) < lastPage);
  return { places: kept, bytes: bytes.subarray(0, kept.length * ROW_BYTES) };
}

function readPlaces(hex: Hex): number[] {
  const bytes = toBytes(hex);
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(index * 4));
}
