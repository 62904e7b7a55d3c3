import type { Hex } from "viem";

import { ROW_BYTES } from "@compute-credits/protocol/keccak/keccakModule";
import { SECTION_ROWS } from "@compute-credits/protocol/tree/tableHasher";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { ROW_AS_BYTES, readRowBytes, toBytes } from "./rowsAt.ts";
import { PAGE_NODES } from "./page.ts";

/** Rows as they are published, and where they stand in the table: ascending. */
export interface PlacedRows {
  readonly places: readonly number[];
  readonly bytes: Uint8Array;
}

/** The rows that a checkpoint changed, piece by piece; a page's rows are never in two of them. */
export async function* changedRows(sql: Sql, id: bigint): AsyncGenerator<PlacedRows> {
  for (let from = 0; ;) {
    // checkpoint_rows by primary key
    // oxlint-disable-next-line no-await-in-loop -- piece by piece is the point
    const [found] = await sql.query<{ places: Hex | null; bytes: Hex | null }>(
      `select string_agg(int4send(place::integer), ''::bytea order by place) as places,
         string_agg(${ROW_AS_BYTES}, ''::bytea order by place) as bytes
       from (select * from checkpoint_rows where checkpoint = $1 and place >= $2 order by place limit $3) as changed`,
      [id, from, SECTION_ROWS],
    );
    const rows = { places: toPlaces(found?.places ?? "0x"), bytes: toBytes(found?.bytes ?? "0x") };
    if (rows.places.length < SECTION_ROWS) {
      if (rows.places.length > 0) yield rows;
      return;
    }
    const whole = withoutLastPage(rows);
    yield whole;
    from = (whole.places.at(-1) ?? from) + 1;
  }
}

/** All rows of a checkpoint, section by section. */
export async function* allRows(
  sql: Sql,
  { id, rowCount }: { id: bigint; rowCount: number },
): AsyncGenerator<PlacedRows> {
  for (let first = 0; first < rowCount; first += SECTION_ROWS) {
    const count = Math.min(SECTION_ROWS, rowCount - first);
    // oxlint-disable-next-line no-await-in-loop -- piece by piece is the point
    const bytes = await readRowBytes(sql, id, { first, count });
    yield { places: Array.from({ length: count }, (_, index) => first + index), bytes };
  }
}

/** More of its rows may follow. A piece has more rows than a page, so something is left. */
function withoutLastPage({ places, bytes }: PlacedRows): PlacedRows {
  const lastPage = Math.floor((places.at(-1) ?? 0) / PAGE_NODES);
  const kept = places.filter((place) => Math.floor(place / PAGE_NODES) < lastPage);
  return { places: kept, bytes: bytes.subarray(0, kept.length * ROW_BYTES) };
}

function toPlaces(hex: Hex): number[] {
  const bytes = toBytes(hex);
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(index * 4));
}
