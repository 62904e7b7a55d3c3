import { join } from "node:path";

import { PGlite, type Transaction as PGliteTransaction } from "@electric-sql/pglite";
import { bytesToHex } from "viem";

import type { Database, Sql, Transaction } from "./database.ts";
import { lockFolder } from "./folderLock.ts";
import { NESTED_LOOP_PLAN } from "./nestedLoopPlan.ts";
import { OID, PARSERS, bytea } from "./values.ts";

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

  return {
    description: `PGlite, embedded${folder === undefined ? ", in memory" : ""}`,
    ...sqlOn(pglite),
    async script(text) {
      await pglite.exec(text);
    },
    transaction: (work, { isolation, nestedLoopPlan = false } = {}) =>
      pglite.transaction(async (tx) => {
        if (isolation !== undefined) await tx.exec(`set transaction isolation level ${isolation}`);
        if (nestedLoopPlan) await tx.exec(NESTED_LOOP_PLAN);
        const sql = sqlOn(tx);
        let last: Parameters<Transaction["withCommit"]> | undefined;
        const result = await work({
          ...sql,
          async script(text) {
            await tx.exec(text);
          },
          withCommit: (...statement) => (last = statement),
        });
        if (last !== undefined) await sql.query(...last);
        return result;
      }),
    dump: () => pglite.dumpDataDir("none"),
    async close() {
      await pglite.close();
      unlock();
    },
  };
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
