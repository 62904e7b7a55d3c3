import type { ChainStore } from "./chainStore.ts";
import type { ChainSource } from "./chainSource.ts";

/**
 * Takes the next blocks that count into the ledger, if there are any. Safe to call from several servers at once, and to
 * be cut off anywhere: events and cursor are one transaction.
 */
export async function indexNextBlocks(
  source: ChainSource,
  book: Pick<ChainStore, "cursor" | "recordIdle" | "apply">,
): Promise<"done" | "more"> {
  const from = await book.cursor();
  const asked = performance.now();
  const step = await source.after(from);
  if (step === "no_confirmed_block") return "done";
  if (step === "no_new_block") {
    await book.recordIdle(from, performance.now() - asked);
    return "done";
  }
  const { upTo, events, isLast } = step;
  await book.apply({ from, upTo, events });
  return isLast ? "done" : "more";
}
