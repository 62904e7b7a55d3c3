import { type Figure, pairedSpeed } from "../ratio.ts";
import { bareInsert, rowsOf } from "./bareInsert.ts";
import { runLists } from "./inParallel.ts";
import { BATCH, CALLERS, type Rig } from "./rig.ts";
import { randomBatches } from "./parties.ts";

const BATCHES_PER_CALLER = 6;

/**
 * Strict debits in batches of 1,000 over 100,000 accounts ÷ a bare insert of such rows. Both have
 * as many callers. `own`: each caller bills its own accounts, as most providers do. `shared`: all
 * callers bill the same accounts.
 */
export async function debitsVsBareInsert(
  { ledger, database }: Rig,
  accounts: "own" | "shared",
): Promise<Figure> {
  const batches = () =>
    Array.from({ length: CALLERS }, (_, caller) =>
      randomBatches(
        BATCHES_PER_CALLER,
        BATCH,
        accounts === "own" ? { caller, of: CALLERS } : { caller: 0, of: 1 },
      ),
    );
  return await pairedSpeed(
    () => {
      const lists = batches();
      return () => runLists(lists, (batch) => ledger.usage.record(batch));
    },
    () => {
      const lists = batches().map((list) => list.map(rowsOf));
      return () => runLists(lists, (rows) => bareInsert(database, rows));
    },
    { rounds: 9, operations: CALLERS * BATCHES_PER_CALLER * BATCH },
  );
}
