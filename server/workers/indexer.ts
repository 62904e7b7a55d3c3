import type { ChainReader } from "../ports/chain.ts";
import type { ChainBook } from "../ports/chainBook.ts";

/** The chain has another past than the one that the ledger took in: it must not guess which money is real. */
export class ReorgBeyondConfirmations extends Error {
  override readonly name = "ReorgBeyondConfirmations";
}

export interface IndexerOptions {
  /** blocks on top of one before it counts */
  readonly confirmations: bigint;
  /** the most blocks that one request for logs covers */
  readonly blocksPerRequest: bigint;
}

/**
 * Takes the next confirmed blocks into the ledger, if there are any. Safe to call from several servers at once, and to
 * be cut off anywhere: events and cursor are one transaction.
 */
export async function indexNextBlocks(
  chain: ChainReader,
  book: ChainBook,
  { confirmations, blocksPerRequest }: IndexerOptions,
): Promise<"done" | "more"> {
  const [from, head] = await Promise.all([book.cursor(), chain.head()]);
  const confirmed = head - confirmations;
  if (confirmed <= from.number) return "done";

  const known = await chain.block(from.number);
  if (known.hash !== from.hash) {
    throw new ReorgBeyondConfirmations(
      `block ${from.number} was ${from.hash} and is now ${known.hash}: the chain was reorganised deeper than ` +
        `${confirmations} confirmations. The ledger stands still until an operator decides which blocks hold`,
    );
  }

  const last = from.number + blocksPerRequest;
  const to = last < confirmed ? last : confirmed;
  const upTo = await chain.block(to);
  const events = await chain.events({ from: from.number + 1n, to });
  await book.apply({ from, upTo, events });
  return to < confirmed ? "more" : "done";
}
