import { type Figure, pairedSpeed } from "../ratio.ts";
import { bareInsert, rowsOf } from "./bareInsert.ts";
import { sideBySide } from "./inParallel.ts";
import { BATCH, CALLERS, type Rig } from "./rig.ts";
import { randomBatches } from "./parties.ts";

const BATCHES_EACH = 6;

/**
 * Strict, idempotent, rated debits in batches of 1,000 over 100,000 accounts ÷ a bare insert of such rows, from the same
 * number of callers. `own`: each caller has users of its own, as providers mostly do; `shared`: they all bill the same, and
 * every batch meets accounts of every other.
 */
export async function debitsVsBareInsert(
  { ledger, database }: Rig,
  accounts: "own" | "shared",
): Promise<Figure> {
  const batches = () =>
    Array.from({ length: CALLERS }, (_, caller) =>
      randomBatches(
        BATCHES_EACH,
        BATCH,
        accounts === "own" ? { caller, of: CALLERS } : { caller: 0, of: 1 },
      ),
    );
  return await pairedSpeed(
    () => {
      const lists = batches();
      return () => sideBySide(lists, (batch) => ledger.usage.record(batch));
    },
    () => {
      const lists = batches().map((list) => list.map(rowsOf));
      return () => sideBySide(lists, (rows) => bareInsert(database, rows));
    },
    { rounds: 9, operations: CALLERS * BATCHES_EACH * BATCH },
  );
}
