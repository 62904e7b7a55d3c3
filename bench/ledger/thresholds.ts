import { type Figure, pairedSpeed } from "../ratio.ts";
import { runLists } from "./inParallel.ts";
import { randomBatches } from "./parties.ts";
import { BATCH, CALLERS, type Rig } from "./rig.ts";

const BATCHES_PER_CALLER = 6;

/** Triggers of webhooks on the tables that debits update. */
const SWITCHED = (how: "enable" | "disable") =>
  `alter table accounts ${how} trigger webhook_balance;
   alter table allowance_usage ${how} trigger webhook_budget`;

/**
 * Strict debits if each account has a threshold of a webhook that is not crossed ÷ without the
 * triggers that compare.
 */
export async function thresholdsVsNone({ ledger, database }: Rig): Promise<Figure> {
  await database.script("update accounts set alert_below = 1");
  await database.script("vacuum analyze accounts");
  const runWith = (how: "enable" | "disable") => () => {
    const lists = Array.from({ length: CALLERS }, (_, caller) =>
      randomBatches(BATCHES_PER_CALLER, BATCH, { caller, of: CALLERS }),
    );
    return async () => {
      await database.script(SWITCHED(how));
      await runLists(lists, (batch) => ledger.usage.record(batch));
    };
  };
  const figure = await pairedSpeed(runWith("enable"), runWith("disable"), {
    rounds: 7,
    operations: CALLERS * BATCHES_PER_CALLER * BATCH,
  });
  await database.script(`${SWITCHED("enable")}; update accounts set alert_below = null`);
  return figure;
}
