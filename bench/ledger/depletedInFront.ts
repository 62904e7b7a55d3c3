import { numberToHex } from "viem";

import { type Figure, pairedSpeed } from "../ratio.ts";
import { runLists } from "./inParallel.ts";
import { eventOf, randomBatches } from "./parties.ts";
import { BATCH, CALLERS, type Rig } from "./rig.ts";

const BATCHES_PER_CALLER = 6;

/** An account for each caller, which never had credits. */
const emptyAccount = (caller: number) => numberToHex(0xe3b700 + caller, { size: 20 });

/**
 * Strict debits if one event of each batch is of a spender with an allowance in front that can pay
 * nothing ÷ without such a spender.
 */
export async function depletedInFront({ ledger }: Rig): Promise<Figure> {
  for (let caller = 0; caller < CALLERS; caller++) {
    const { spender } = eventOf(accountOf(caller), new Date());
    // oxlint-disable-next-line no-await-in-loop -- one account's allowances come one after another
    await ledger.allow(emptyAccount(caller), { spender, priority: 1 });
  }
  const batches = (caller: number) =>
    randomBatches(BATCHES_PER_CALLER, BATCH, { caller, of: CALLERS });
  const callers = Array.from({ length: CALLERS }, (_, caller) => caller);
  return await pairedSpeed(
    () => {
      const lists = callers.map((caller) =>
        batches(caller).map((batch) => [eventOf(accountOf(caller), new Date()), ...batch.slice(1)]),
      );
      return () => runLists(lists, (batch) => ledger.usage.record(batch));
    },
    () => {
      const lists = callers.map(batches);
      return () => runLists(lists, (batch) => ledger.usage.record(batch));
    },
    { rounds: 7, operations: CALLERS * BATCHES_PER_CALLER * BATCH },
  );
}

/** An account of the caller's own. */
const accountOf = (caller: number) => 1 + CALLERS + caller;
