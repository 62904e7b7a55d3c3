import type { Hex } from "viem";

import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import { writeNotes } from "../log/writeNotes.ts";
import { readCursor } from "./chainLocks.ts";

/** An operator's order to read one block although its bloom filter denies its logs. */
export interface PassedBlock {
  readonly number: bigint;
  readonly hash: Hex;
  readonly orderedAt: Date;
}

/** Lists the newest orders, at most `MOST_LISTED`, by block. */
export async function listPassedBlocks(sql: Sql): Promise<readonly PassedBlock[]> {
  return await sql.query<PassedBlock>(
    `select block_number as number, block_hash as hash, ordered_at as "orderedAt"
     from passed_blocks order by block_number desc limit ${MOST_LISTED}`,
  );
}

/** An order concerns a block that was not read yet, so old ones matter to repairs only. */
const MOST_LISTED = 100;

/** The hashes of the blocks that an operator ordered to pass. */
export async function passedHashes(sql: Sql): Promise<ReadonlySet<Hex>> {
  return new Set((await listPassedBlocks(sql)).map(({ hash }) => hash));
}

/**
 * Keeps an order, and writes it into the log. The ledger must not have read the block yet: then
 * nothing is in its way. Changes nothing if the order is there already.
 */
export async function passBlock(
  database: Database,
  { number, hash }: { readonly number: bigint; readonly hash: Hex },
): Promise<"ordered" | "known" | "already_read"> {
  return await database.transaction(async (tx) => {
    const cursor = await readCursor(tx, "for update");
    if (number <= cursor.number) return "already_read";
    const added = await tx.query(
      `insert into passed_blocks (block_hash, block_number) values ($1, $2)
       on conflict do nothing returning block_number`,
      [bytea(hash), number],
    );
    if (added.length === 0) return "known";
    await writeNotes(tx, [{ kind: "passed_block", block: number, hash }]);
    return "ordered";
  });
}
