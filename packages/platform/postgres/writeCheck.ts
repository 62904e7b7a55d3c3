import type { Database, Sql } from "./database.ts";
import { refusesWrites } from "./databaseUnavailable.ts";

/** Remembers that the database refused a write, until one works again. */
export interface WriteCheck {
  /** Takes note of what a statement failed with. */
  readonly failed: (error: unknown) => void;
  succeeded(): void;
  /** Resolves with what keeps the database from taking writes now, or `null`. */
  check(database: Sql & Pick<Database, "transaction">): Promise<string | null>;
}

export function createWriteCheck(): WriteCheck {
  let refusal: string | null = null;
  const failed = (error: unknown) => {
    refusal = refusalIn(error) ?? refusal;
  };

  return {
    failed,
    succeeded() {
      refusal = null;
    },
    async check(database) {
      const [state] = await database.query<{ is_standby: boolean; is_read_only: boolean }>(
        `select pg_is_in_recovery() as is_standby,
           current_setting('transaction_read_only') = 'on' as is_read_only`,
      );
      if (state?.is_standby === true) return "is a standby, which only reads";
      if (state?.is_read_only === true) return "only reads";
      if (refusal === null) return null;
      refusal = await refusalOfWrite(database);
      return refusal;
    },
  };
}

function refusalIn(error: unknown): string | null {
  if (!(error instanceof Error) || !refusesWrites(error)) return null;
  const { message } = error.cause instanceof Error ? error.cause : error;
  return `failed a write: ${message}`;
}

/** Failures of other kinds, such as a missing right to create tables, tell nothing. */
async function refusalOfWrite(database: Pick<Database, "transaction">): Promise<string | null> {
  return await database.transaction(writeSomething).catch(refusalIn);
}

/** Ends the transaction, so that nothing of the attempt stays. */
class WriteWorked extends Error {}

/** Takes new space, for rows and for the log of writes, and gives it back. */
async function writeSomething(tx: Sql): Promise<never> {
  await tx.query("create table write_attempt (bytes text)");
  await tx.query(
    "insert into write_attempt select repeat(n::text, 500) from generate_series(1, 100) n",
  );
  throw new WriteWorked("rolled back");
}
