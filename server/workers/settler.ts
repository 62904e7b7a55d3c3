import type { ChainWriter, TransactionResult } from "../ports/chain.ts";
import type { CheckpointBook, StoredCheckpoint } from "../ports/checkpointBook.ts";
import { type SigningParts, gatherSignatures } from "./settlement/gatherSignatures.ts";

export interface Settler {
  /**
   * Moves settlement on by what can be done now: cuts the next checkpoint once the last is final, signs it, submits
   * it, and pays the refunds of the newest final one. Whatever was cut off is taken up again by the next call.
   */
  step(): Promise<void>;
}

export interface SettlerParts extends SigningParts {
  readonly writer: ChainWriter;
  readonly checkpoints: CheckpointBook;
  readonly maxFeeBps: bigint;
  readonly onSubmitted: (checkpoint: StoredCheckpoint, sent: TransactionResult) => void;
}

/** Refunds paid in one step, the longest-waiting first: more than a step of minutes has ever to pay, and still bounded. */
const REFUNDS_PER_STEP = 2_000;

/** About 76,000 gas a row: a transaction stays under 4 million, small enough for any block. */
const ROWS_PER_TRANSACTION = 50;

export function createSettler(parts: SettlerParts): Settler {
  const { chain, writer, checkpoints, maxFeeBps, onSubmitted } = parts;

  async function submit(checkpoint: StoredCheckpoint): Promise<void> {
    // On chain already, and the indexer is about to tell: nothing to send.
    if ((await chain.latestEpoch()) >= checkpoint.message.epoch) return;
    const signatures = await gatherSignatures(parts, checkpoint);
    if (signatures === null) return;
    onSubmitted(checkpoint, await writer.submitCheckpoint(checkpoint.message, signatures));
  }

  async function payRefunds(final: StoredCheckpoint): Promise<void> {
    const due = await checkpoints.refundRows(final.id, REFUNDS_PER_STEP);
    if (due.length === 0) return;
    const proven = await checkpoints.proofs(
      final.id,
      due.map(({ party }) => party),
    );
    for (let first = 0; first < proven.length; first += ROWS_PER_TRANSACTION) {
      // oxlint-disable-next-line no-await-in-loop -- one wallet sends its transactions one by one
      await writer.settleMany(proven.slice(first, first + ROWS_PER_TRANSACTION));
    }
  }

  return {
    async step() {
      // While the next one is pending, too: requests have a deadline, and a crowd of them must not starve the last.
      const final = await checkpoints.latestFinal();
      if (final !== null) await payRefunds(final);

      const latest = await checkpoints.latest();
      if (latest?.status === "pending") return;

      const next = latest?.status === "prepared" ? latest : await checkpoints.cut(maxFeeBps);
      if (next !== null) await submit(next);
    },
  };
}
