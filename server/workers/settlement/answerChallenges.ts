import type { ChainReader, Terms } from "@compute-credits/platform/chain/chainReader";
import type { ChainWriter, ProvenRow } from "@compute-credits/platform/chain/chainWriter";
import type {
  CheckpointStore,
  StoredCheckpoint,
} from "../../stores/checkpoints/checkpointStore.ts";
import type { DisputeStore, OpenChallenge } from "../../stores/settlement/disputeStore.ts";
import type { SettlerEvents, Unanswerable } from "./settlerEvents.ts";

export interface AnsweringDeps {
  readonly chain: Pick<ChainReader, "isChallengeOpen" | "settledRows" | "counterState">;
  readonly writer: Pick<ChainWriter, "answer" | "recordCap">;
  readonly checkpoints: Pick<CheckpointStore, "proofs">;
  readonly disputes: Pick<DisputeStore, "openChallenges" | "capsCovering">;
  readonly terms: Pick<Terms, "disputeWindowSeconds" | "counterGraceSeconds">;
  readonly events: Pick<SettlerEvents, "unanswerable">;
}

/**
 * Answers the challenges to the pending checkpoint, the most urgent first. The answer is the
 * account's row and, if the row charges more than is settled, a cap that the owner signed.
 * An unanswerable challenge does not stop the others. Throws an `AggregateError` at the end.
 */
export async function answerChallenges(
  deps: AnsweringDeps,
  pending: StoredCheckpoint,
): Promise<void> {
  const { chain, checkpoints, disputes, events } = deps;
  const challenges = await disputes.openChallenges(pending.id);
  if (challenges.length === 0) return;
  const proofs = await checkpoints.proofs(
    pending.id,
    challenges.map(({ account }) => account),
  );
  const proofOf = new Map(proofs.map((proven) => [proven.row.party, proven]));

  const errors: unknown[] = [];
  for (const challenge of challenges) {
    const proven = proofOf.get(challenge.account);
    try {
      // oxlint-disable-next-line no-await-in-loop -- one wallet sends its transactions one by one
      if (!(await chain.isChallengeOpen(challenge.account, challenge.challenger))) continue;
      // oxlint-disable-next-line no-await-in-loop
      const why = proven === undefined ? "no_row" : await answer(deps, pending, challenge, proven);
      if (why !== null) events.unanswerable(challenge, why);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0)
    throw new AggregateError(errors, `challenges not answered: ${String(errors[0])}`);
}

/** Returns `null` after an answer, or the reason why the ledger has none. */
async function answer(
  { chain, writer, disputes, terms }: AnsweringDeps,
  { finalAt }: StoredCheckpoint,
  { challenger, ...asked }: OpenChallenge,
  proven: ProvenRow,
): Promise<Unanswerable | null> {
  const { party, spent, refunded, earned } = proven.row;
  if (spent < asked.spent || refunded < asked.refunded || earned < asked.earned) {
    return "row_falls_short";
  }
  const [settled] = await chain.settledRows([party]);
  if (settled !== undefined && spent <= settled.spent) {
    // Settled spending needs no allowance, so the court accepts any counter.
    await writer.answer(challenger, proven, 0n);
    return null;
  }

  const submittedAt = (finalAt?.getTime() ?? 0) / 1000 - terms.disputeWindowSeconds;
  for (const cap of await disputes.capsCovering(party, spent)) {
    const { counter } = cap.message;
    // oxlint-disable-next-line no-await-in-loop -- the first cap that fits is enough
    const counterState = await chain.counterState(party, counter);
    const isInGrace =
      counter === counterState.currentCounter ||
      submittedAt <= counterState.endedAt + terms.counterGraceSeconds;
    if (!isInGrace) continue;
    // oxlint-disable-next-line no-await-in-loop
    if (counterState.recordedCap < spent) await writer.recordCap(cap);
    // oxlint-disable-next-line no-await-in-loop
    await writer.answer(challenger, proven, counter);
    return null;
  }
  return "no_allowance_covers_it";
}
