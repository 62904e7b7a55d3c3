import { commitToRows } from "../../protocol/checkpointData.ts";
import { buildTree } from "../../protocol/tree.ts";
import type { ChainReader, ChainWriter, TransactionResult } from "../ports/chain.ts";
import type { CheckpointBook, SignerSignature, StoredCheckpoint } from "../ports/checkpointBook.ts";
import type { CheckpointSigner } from "../ports/signer.ts";

export interface Settler {
  /**
   * Moves settlement on by what can be done now: cuts the next checkpoint once the last is final, signs it, submits
   * it, and pays the refunds of the newest final one. Whatever was cut off is taken up again by the next call.
   */
  step(): Promise<void>;
}

export interface SettlerParts {
  readonly chain: ChainReader;
  readonly writer: ChainWriter;
  readonly checkpoints: CheckpointBook;
  readonly signers: readonly CheckpointSigner[];
  readonly maxFeeBps: bigint;
  readonly onSubmitted: (checkpoint: StoredCheckpoint, sent: TransactionResult) => void;
}

/** Refunds paid in one step, so that a crowd of them does not hold up the next checkpoint. */
const REFUNDS_PER_STEP = 20;

export function createSettler(parts: SettlerParts): Settler {
  const { chain, writer, checkpoints, signers, maxFeeBps, onSubmitted } = parts;

  async function signed(checkpoint: StoredCheckpoint): Promise<readonly SignerSignature[]> {
    if (checkpoint.signatures.length > 0) return checkpoint.signatures;
    const signatures = await Promise.all(
      signers.map(async (signer) => ({
        signer: signer.address,
        signature: await signer.sign(chain.deployment, checkpoint.message),
      })),
    );
    // The contract wants them in ascending order, so that none counts twice.
    const ascending = signatures.toSorted((a, b) => (a.signer < b.signer ? -1 : 1));
    await checkpoints.sign(checkpoint.id, ascending);
    return ascending;
  }

  async function submit(checkpoint: StoredCheckpoint): Promise<void> {
    // On chain already, and the indexer is about to tell: nothing to send.
    if ((await chain.latestEpoch()) >= checkpoint.message.epoch) return;
    const sent = await writer.submitCheckpoint(checkpoint.message, await signed(checkpoint));
    onSubmitted(checkpoint, sent);
  }

  async function payRefunds(final: StoredCheckpoint): Promise<void> {
    const due = await checkpoints.refundRows(final.id, REFUNDS_PER_STEP);
    if (due.length === 0) return;
    const rows = await checkpoints.rows(final.id);
    const tree = buildTree(rows);
    for (const row of due) {
      const index = rows.findIndex(({ party }) => party === row.party);
      // oxlint-disable-next-line no-await-in-loop -- one wallet sends its transactions one by one
      await writer.settle(row, tree.proof(index));
    }
  }

  return {
    async step() {
      const latest = await checkpoints.latest();
      if (latest?.status === "final") await payRefunds(latest);
      if (latest?.status === "pending") return;

      const next =
        latest?.status === "prepared" ? latest : await checkpoints.cut(commitToRows, maxFeeBps);
      if (next !== null) await submit(next);
    },
  };
}
