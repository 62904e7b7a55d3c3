import type { ChainStore } from "./chainStore.ts";
import type { ChainSource } from "./chainSource.ts";

/**
 * Records the next confirmed blocks, if any. Safe to run on several servers at once and to abort at
 * any point, because events and cursor are written in one transaction.
 */
export async function indexNextBlocks(
  source: ChainSource,
  store: Pick<ChainStore, "cursor" | "recordIdle" | "apply">,
): Promise<"done" | "more"> {
  const from = await store.cursor();
  const startedAt = performance.now();
  const step = await source.after(from);
  if (step === "no_confirmed_block") return "done";
  if (step === "no_new_block") {
    await store.recordIdle(from, performance.now() - startedAt);
    return "done";
  }
  const { upTo, events, isLast } = step;
  await store.apply({ from, upTo, events });
  return isLast ? "done" : "more";
}
