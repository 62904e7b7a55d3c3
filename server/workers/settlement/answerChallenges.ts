import type { ChainWriter, ProvenRow } from "@compute-credits/platform/chain/chainWriter";
import type { ChainReader, Terms } from "@compute-credits/platform/chain/chainReader";
import type {
  CheckpointStore,
  StoredCheckpoint,
} from "../../stores/checkpoints/checkpointStore.ts";
import type { DisputeStore, OpenChallenge } from "../../stores/settlement/disputeStore.ts";

export interface AnsweringDeps {
  readonly chain: ChainReader;
  readonly writer: ChainWriter;
  readonly checkpoints: CheckpointStore;
  readonly disputes: DisputeStore;
  readonly terms: Terms;
  /** A challenge that nothing stored can answer: unless somebody does, it drops the checkpoint. */
  readonly onUnanswerable: (challenge: OpenChallenge, why: string) => void;
}

/**
 * Answers what is asked of the pending checkpoint, the most urgent first: with the account's row, and with the ceiling
 * that its owner signed where the row charges more than is settled. One that cannot be answered does not stop the others.
 */
export async function answerChallenges(
  parts: AnsweringDeps,
  pending: StoredCheckpoint,
): Promise<void> {
  const { chain, checkpoints, disputes, onUnanswerable } = parts;
  const challenges = await disputes.openChallenges(pending.id);
  if (challenges.length === 0) return;
  const proven = await checkpoints.proofs(
    pending.id,
    challenges.map(({ account }) => account),
  );
  const rows = new Map(proven.map((shown) => [shown.row.party, shown]));

  const errors: unknown[] = [];
  for (const challenge of challenges) {
    const shown = rows.get(challenge.account);
    try {
      // oxlint-disable-next-line no-await-in-loop -- one wallet sends its transactions one by one
      if (!(await chain.isChallengeOpen(challenge.account, challenge.challenger))) continue;
      // oxlint-disable-next-line no-await-in-loop
      const why = shown === undefined ? "no_row" : await answer(parts, pending, challenge, shown);
      if (why !== null) onUnanswerable(challenge, why);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0)
    throw new AggregateError(errors, `challenges not answered: ${String(errors[0])}`);
}

/** `null` where it was answered; else the reason why it cannot be. */
async function answer(
  { chain, writer, disputes, terms }: AnsweringDeps,
  { finalAt }: StoredCheckpoint,
  { challenger, ...asked }: OpenChallenge,
  shown: ProvenRow,
): Promise<"row_falls_short" | "no_allowance_covers_it" | null> {
  const { party, spent, refunded, earned } = shown.row;
  if (spent < asked.spent || refunded < asked.refunded || earned < asked.earned) {
    return "row_falls_short";
  }
  const [settled] = await chain.settledRows([party]);
  if (settled !== undefined && spent <= settled.spent) {
    // What is settled needs no allowance: any counter does.
    await writer.answer(challenger, shown, 0n);
    return null;
  }

  const submittedAt = (finalAt?.getTime() ?? 0) / 1000 - terms.disputeWindowSeconds;
  for (const cap of await disputes.capsCovering(party, spent)) {
    const { counter } = cap.message;
    // oxlint-disable-next-line no-await-in-loop -- the first that fits is enough
    const counterState = await chain.counterState(party, counter);
    const isInGrace =
      counter === counterState.currentCounter ||
      submittedAt <= counterState.endedAt + terms.counterGraceSeconds;
    if (!isInGrace) continue;
    // oxlint-disable-next-line no-await-in-loop
    if (counterState.recordedCap < spent) await writer.recordCap(cap);
    // oxlint-disable-next-line no-await-in-loop
    await writer.answer(challenger, shown, counter);
    return null;
  }
  return "no_allowance_covers_it";
}
