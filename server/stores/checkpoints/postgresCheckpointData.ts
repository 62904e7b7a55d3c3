import { type Hex, bytesToHex } from "viem";

import {
  differenceBytes,
  differenceEntries,
  differenceHeader,
} from "@compute-credits/protocol/data/differenceFile";
import { hashRows } from "@compute-credits/protocol/keccak/batchKeccak";
import { ROW_BYTES } from "@compute-credits/protocol/keccak/keccakModule";
import { nodesAtLevel } from "@compute-credits/protocol/tree/levels";
import { tableBytes } from "@compute-credits/protocol/data/tableFile";
import {
  SECTION_LEVEL,
  SECTION_ROWS,
  sectionHash,
} from "@compute-credits/protocol/tree/tableHasher";
import type { CheckpointData } from "./checkpointData.ts";
import type { StoredCheckpoint } from "./checkpointStore.ts";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { numberArray } from "@compute-credits/platform/postgres/values";
import { allRows } from "./changedRows.ts";
import { ROW_AS_BYTES, newestRowSql, toBytes } from "./rowsAt.ts";

/** A table's head starts with its format name and row count, before the section hashes. */
const HEAD_PREFIX_BYTES = 12;

export function createCheckpointData(database: Database): CheckpointData {
  return {
    async table({ id, partyCount: rowCount }) {
      const [found] = await database.query<{ head: Hex | null }>(
        "select data_head as head from checkpoints where id = $1",
        [id],
      );
      const head = found?.head ?? null;
      if (head === null) return null;
      return {
        byteLength: tableBytes(rowCount),
        bytes: () => tableOf(database, { id, rowCount }, toBytes(head)),
      };
    },

    async difference(base, checkpoint) {
      const places = await changedPlaces(database, base, checkpoint);
      return {
        byteLength: differenceBytes(places.length),
        bytes: () => differenceOf(database, base, checkpoint, places),
      };
    },
  };
}

/**
 * Yields the table section by section. Checks each section against the signed head first: a
 * truncated file is better than a wrong one.
 */
async function* tableOf(
  sql: Sql,
  table: { id: bigint; rowCount: number },
  head: Uint8Array,
): AsyncGenerator<Uint8Array> {
  yield head;
  let section = 0;
  for await (const { bytes } of allRows(sql, table)) {
    const hash = nodesAtLevel(hashRows(bytes), { from: 0, to: SECTION_LEVEL });
    const signed = sectionHash(head.subarray(HEAD_PREFIX_BYTES), section);
    if (bytesToHex(hash) !== bytesToHex(signed)) {
      throw new Error(`the rows of checkpoint ${table.id} were changed after it was cut`);
    }
    section++;
    yield bytes;
  }
}

async function changedPlaces(
  sql: Sql,
  base: StoredCheckpoint,
  { id }: StoredCheckpoint,
): Promise<number[]> {
  // Plan: a range of checkpoint_rows by primary key.
  const [found] = await sql.query<{ places: Hex | null }>(
    `select string_agg(int4send(place::integer), ''::bytea order by place) as places from (
       select distinct place from checkpoint_rows r where checkpoint > $1 and checkpoint <= $2
         and not exists (select from checkpoints dead where dead.id = r.checkpoint
           and dead.dropped)) as changed`,
    [base.id, id],
  );
  const bytes = toBytes(found?.places ?? "0x");
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(index * 4));
}

async function* differenceOf(
  sql: Sql,
  base: StoredCheckpoint,
  { id, message, partyCount }: StoredCheckpoint,
  places: readonly number[],
): AsyncGenerator<Uint8Array> {
  yield differenceHeader({
    baseDataHash: base.message.dataHash,
    dataHash: message.dataHash,
    baseRowCount: base.partyCount,
    rowCount: partyCount,
    changedCount: places.length,
  });
  for (let first = 0; first < places.length; first += SECTION_ROWS) {
    const now = places.slice(first, first + SECTION_ROWS);
    // oxlint-disable-next-line no-await-in-loop -- chunks bound the memory
    const [found] = await sql.query<{ bytes: Hex | null }>(
      `select string_agg(${ROW_AS_BYTES}, ''::bytea order by changed.place) as bytes
       from unnest($2::bigint[]) as changed (place)
         cross join lateral ${newestRowSql("changed.place", "$1")} as newest`,
      [id, numberArray(now)],
    );
    const rows = toBytes(found?.bytes ?? "0x");
    if (rows.length !== now.length * ROW_BYTES) {
      throw new Error(`checkpoint ${id} has fewer rows than changed places`);
    }
    yield differenceEntries(now, rows);
  }
}
