import type { Sql } from "@compute-credits/platform/postgres/database";

/** How far the log beyond the newest checkpoint was recorded. */
export interface WitnessPosition {
  /** the snapshot up to which all is recorded; `null` for none */
  readonly since: string | null;
  /** while a window is read in pages: its end, and its next page */
  readonly upTo: string | null;
  readonly cursor: string | null;
  /** of the newest entry that the log had; `null` if none is known */
  readonly transaction: bigint | null;
}

const NOWHERE: WitnessPosition = { since: null, upTo: null, cursor: null, transaction: null };

export async function readWitnessPosition(sql: Sql): Promise<WitnessPosition> {
  const [found] = await sql.query<WitnessPosition>(
    `select since, up_to as "upTo", page_cursor as cursor, newest_transaction as transaction
     from witness_position`,
  );
  return found ?? NOWHERE;
}

export async function writeWitnessPosition(sql: Sql, position: WitnessPosition): Promise<void> {
  await sql.query(
    `insert into witness_position (since, up_to, page_cursor, newest_transaction)
     values ($1, $2, $3, $4)
     on conflict (only_one) do update set since = excluded.since, up_to = excluded.up_to,
       page_cursor = excluded.page_cursor, newest_transaction = excluded.newest_transaction`,
    [position.since, position.upTo, position.cursor, position.transaction],
  );
}
