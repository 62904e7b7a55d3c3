import type { Hex } from "viem";

import { ROW_BYTES } from "@compute-credits/protocol/keccak/keccakModule";
import type { Sql } from "@compute-credits/platform/postgres/database";

/**
 * SQL: the newest row of `place` up to checkpoint `id`, both SQL expressions. Rows of dropped
 * checkpoints are skipped. Plan: checkpoint_rows_of_place backwards, one row.
 */
export const newestRowSql = (place: string, id: string) =>
  `(select party, spent, refunded, earned from checkpoint_rows r
    where r.place = ${place} and r.checkpoint <= ${id}
      and not exists (select from checkpoints dead where dead.id = r.checkpoint and dead.dropped)
    order by r.checkpoint desc limit 1)`;

/** SQL: a row in its published form, 44 bytes. */
export const ROW_AS_BYTES = "party || int8send(spent) || int8send(refunded) || int8send(earned)";

/**
 * Reads `count` rows of a checkpoint from place `first` on, in their published form. Throws if one
 * is missing.
 */
export async function readRowBytes(
  sql: Sql,
  id: bigint,
  { first, count }: { first: number; count: number },
): Promise<Uint8Array> {
  const [found] = await sql.query<{ bytes: Hex | null }>(
    `select string_agg(${ROW_AS_BYTES}, ''::bytea order by slot.place) as bytes
     from generate_series($2::bigint, $3::bigint) as slot (place)
       cross join lateral ${newestRowSql("slot.place", "$1")} as newest`,
    [id, first, first + count - 1],
  );
  const bytes = toBytes(found?.bytes ?? "0x");
  if (bytes.length !== count * ROW_BYTES) {
    throw new Error(`checkpoint ${id} has gaps among its rows ${first} to ${first + count - 1}`);
  }
  return bytes;
}

export function toBytes(hex: Hex): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array((hex.length - 2) / 2);
  Buffer.from(bytes.buffer).write(hex.slice(2), "hex");
  return bytes;
}
