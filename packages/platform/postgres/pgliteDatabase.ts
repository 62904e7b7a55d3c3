import { join } from "node:path";

import { PGlite, type Transaction as PGliteTransaction } from "@electric-sql/pglite";
import { bytesToHex } from "viem";

import type { Database, Sql, Transaction, TransactionOptions } from "./database.ts";
import { toOutage } from "./databaseUnavailable.ts";
import { lockFolder } from "./folderLock.ts";
import { NESTED_LOOP_PLAN } from "./nestedLoopPlan.ts";
import { isWrite, noteCommit } from "./sentWrites.ts";
import { OID, PARSERS, bytea } from "./values.ts";
import { createWriteCheck } from "./writeCheck.ts";
import { withWriteFence } from "./writeFence.ts";

export interface PgliteDatabase extends Database {
  /** Returns the data folder as a tar, which a new database may start as a copy of. */
  dump(): Promise<Blob>;
}

/**
 * Opens PostgreSQL inside this process, with one connection: transactions run one at a time. It
 * does not call fsync: a crashed process loses nothing, a power cut may lose the last writes.
 * Without a folder all data is in memory. A new database starts as a copy of `image`, a tar of a
 * data folder, because `initdb` takes seconds. Throws `FolderInUse` if another process uses the
 * folder.
 */
export async function openPgliteDatabase(folder?: string, image?: Blob): Promise<PgliteDatabase> {
  const unlock = folder === undefined ? () => undefined : lockFolder(folder);
  const pglite = await PGlite.create({
    ...(folder === undefined ? {} : { dataDir: join(folder, "pglite") }),
    ...(image === undefined ? {} : { loadDataDir: image }),
    parsers: PARSERS,
    // Parameters are in PostgreSQL's text format already (values.ts), so they pass unchanged.
    serializers: { [OID.bytea]: byteaText, [OID.int8]: String, [OID.numeric]: String },
  });

  const writes = createWriteCheck();

  async function transaction<T>(
    work: (tx: Transaction) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    let takeBack: (() => void) | undefined;
    try {
      const result = await pglite.transaction(async (tx) => {
        const done = await runIn(tx, work, options);
        takeBack = noteCommit();
        return done;
      });
      writes.succeeded();
      return result;
    } catch (error) {
      writes.failed(error);
      // The database runs in this process: it has answered that the transaction was rolled back.
      takeBack?.();
      throw toOutage(error, "nothing");
    }
  }

  const database = withWriteFence({
    description: `PGlite, embedded${folder === undefined ? ", in memory" : ""}`,
    async query<Row extends object>(text: string, values?: readonly unknown[]) {
      try {
        const rows = await sqlOn(pglite).query<Row>(text, values);
        if (isWrite(text)) noteCommit();
        return rows;
      } catch (error) {
        writes.failed(error);
        throw toOutage(error, "nothing");
      }
    },
    async script(text) {
      await pglite.exec(text);
    },
    transaction,
    check: () => writes.check({ ...sqlOn(pglite), transaction }),
    onLost: () => undefined,
    async close() {
      await pglite.close();
      unlock();
    },
  });
  return { ...database, dump: () => pglite.dumpDataDir("none") };
}

async function runIn<T>(
  tx: PGliteTransaction,
  work: (tx: Transaction) => Promise<T>,
  { isolation, nestedLoopPlan = false }: TransactionOptions,
): Promise<T> {
  if (isolation !== undefined) await tx.exec(`set transaction isolation level ${isolation}`);
  if (nestedLoopPlan) await tx.exec(NESTED_LOOP_PLAN);
  const sql = sqlOn(tx);
  const last: Parameters<Transaction["withCommit"]>[] = [];
  const result = await work({
    ...sql,
    async script(text) {
      await tx.exec(text);
    },
    withCommit: (...statement) => void last.push(statement),
  });
  // oxlint-disable-next-line no-await-in-loop -- in their order
  for (const statement of last) await sql.query(...statement);
  return result;
}

function byteaText(value: unknown): string {
  return value instanceof Uint8Array ? bytea(bytesToHex(value)) : String(value);
}

function sqlOn(queryable: PGlite | PGliteTransaction): Sql {
  return {
    async query<Row extends object>(text: string, values: readonly unknown[] = []) {
      const { rows } = await queryable.query<Row>(text, [...values]);
      return rows;
    },
  };
}
