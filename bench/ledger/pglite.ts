import { migrateLedger } from "../../server/stores/migrateLedger.ts";
import { openPgliteDatabase } from "@compute-credits/platform/postgres/pgliteDatabase";
import { type Figure, pairedSpeed } from "../ratio.ts";
import { inParallel } from "./inParallel.ts";
import { BATCH, CALLERS, type Rig, createRig } from "./rig.ts";
import { randomBatches } from "./parties.ts";

const BATCHES = 8;

/** The embedded in-memory database ÷ a PostgreSQL server. */
export async function pgliteVsPostgres(postgres: Rig): Promise<Figure> {
  const database = await openPgliteDatabase();
  try {
    await migrateLedger(database);
    const pglite = await createRig(database);
    const run = (rig: Rig) => () => {
      const batches = randomBatches(BATCHES, BATCH);
      return () => inParallel(batches, CALLERS, (batch) => rig.usage.record(batch));
    };
    const options = { rounds: 5, operations: BATCHES * BATCH };
    return await pairedSpeed(run(pglite), run(postgres), options);
  } finally {
    await database.close();
  }
}
