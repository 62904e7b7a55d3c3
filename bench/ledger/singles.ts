import { type Figure, pairedSpeed } from "../ratio.ts";
import { inParallel } from "./inParallel.ts";
import type { Rig } from "./rig.ts";
import { randomBatches } from "./parties.ts";

/** Concurrent callers. */
export const CONCURRENCY = 256;
const FEW = 1_000;
const MANY = 10_000;

/** 256 callers with single debits: group commit ÷ one transaction per debit. */
export async function singleVsOneCommitEach({ usage, ledger }: Rig): Promise<Figure> {
  return await pairedSpeed(
    () => {
      const list = randomBatches(MANY, 1);
      return () => inParallel(list, CONCURRENCY, (single) => usage.record(single));
    },
    () => {
      const list = randomBatches(FEW, 1);
      return () => inParallel(list, CONCURRENCY, (single) => ledger.usage.record(single));
    },
    { rounds: 7, operations: MANY, operationsOfB: FEW },
  );
}
