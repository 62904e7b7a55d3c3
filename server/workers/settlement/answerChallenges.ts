import type { Address } from "viem";

import type { ChainReader, Terms } from "@compute-credits/platform/chain/chainReader";
import type { ChainWriter, ProvenRow } from "@compute-credits/platform/chain/chainWriter";
import type {
  CheckpointStore,
  StoredCheckpoint,
} from "../../stores/checkpoints/checkpointStore.ts";
import type { DisputeStore, OpenChallenge } from "../../stores/settlement/disputeStore.ts";
import type { Backoff } from "./backoff.ts";
import { isInForce, submissionTime } from "./capInForce.ts";
import { proofsByParty } from "./proofsByParty.ts";
import type { SettlerEvents, Unanswerable } from "./settlerEvents.ts";

export interface AnsweringDeps {
  readonly chain: Pick<ChainReader, "isChallengeOpen" | "settledRows" | "counterState">;
  readonly writer: Pick<ChainWriter, "answer" | "answerWithFinalRow" | "recordCap">;
  readonly checkpoints: Pick<CheckpointStore, "proofs" | "latestFinal">;
  readonly disputes: Pick<DisputeStore, "openChallenges" | "recordedCounters" | "capsCovering">;
  readonly terms: Pick<Terms, "disputeWindowSeconds" | "counterGraceSeconds">;
  /** challenges that could not be answered lately, by `challengeKey` */
  readonly refusedAnswers: Backoff<string>;
  readonly events: Pick<SettlerEvents, "unanswerable">;
}

/** Bounds one step, so that many challenges do not keep refunds waiting. */
const ANSWERS_PER_STEP = 50;

/** Bounds the list that is read. Each open challenge holds a stake. */
const CHALLENGES_PER_STEP = 1_000;

/** A challenge for which the ledger had no answer when it last looked. */
export interface UnansweredChallenge extends OpenChallenge {
  readonly why: Unanswerable;
}

/**
 * Answers the challenges to the pending checkpoint, the most urgent first, and returns those that
 * the ledger cannot answer. A challenge that fails waits alone and does not stop the others. Throws
 * an `AggregateError` at the end if the chain or the database failed.
 */
export async function answerChallenges(
  deps: AnsweringDeps,
  pending: StoredCheckpoint,
): Promise<readonly UnansweredChallenge[]> {
  const { checkpoints, disputes, refusedAnswers, events } = deps;
  const open = await disputes.openChallenges(pending.id, CHALLENGES_PER_STEP);
  const due = open
    .filter((challenge) => !refusedAnswers.isWaiting(challengeKey(challenge)))
    .slice(0, ANSWERS_PER_STEP);
  if (due.length === 0) return [];
  const parties = due.map(({ account }) => account);
  const shown = await proofsByParty(checkpoints, pending.id, parties);
  const final = await checkpoints.latestFinal();
  const shownFinal = final === null ? null : await proofsByParty(checkpoints, final.id, parties);

  const unanswered: UnansweredChallenge[] = [];
  const errors: unknown[] = [];
  for (const challenge of due) {
    const key = challengeKey(challenge);
    try {
      // oxlint-disable-next-line no-await-in-loop -- one wallet sends its transactions one by one
      const why = await answer(deps, pending, challenge, {
        pending: shown.get(challenge.account),
        final: shownFinal?.get(challenge.account),
      });
      if (why === null) {
        refusedAnswers.succeeded(key);
        continue;
      }
      unanswered.push({ ...challenge, why });
      refusedAnswers.failed(key);
      events.unanswerable(challenge, why);
    } catch (error) {
      refusedAnswers.failed(key);
      errors.push(error);
    }
  }
  if (errors.length > 0)
    throw new AggregateError(errors, `challenges not answered: ${String(errors[0])}`);
  return unanswered;
}

/** Identifies a challenge: the court keeps the last one of each challenger to each account. */
export function challengeKey({ account, challenger, deadline }: OpenChallenge): string {
  return `${account}/${challenger}/${deadline.getTime()}`;
}

/** Returns `null` after an answer, or the reason why the ledger has none. */
async function answer(
  deps: AnsweringDeps,
  checkpoint: StoredCheckpoint,
  { challenger, ...asked }: OpenChallenge,
  shown: { pending: ProvenRow | undefined; final: ProvenRow | undefined },
): Promise<Unanswerable | null> {
  const { chain, writer, terms } = deps;
  if (!(await chain.isChallengeOpen(asked.account, challenger))) return null;
  if (shown.pending === undefined) return "no_row";
  const { party, spent, refunded, earned } = shown.pending.row;
  if (spent < asked.spent || refunded < asked.refunded || earned < asked.earned) {
    return "row_falls_short";
  }
  const [settled] = await chain.settledRows([party]);
  if (settled !== undefined && spent <= settled.spent) {
    // Settled spending needs no allowance, so the court accepts any counter.
    await writer.answer(challenger, shown.pending, 0n);
    return null;
  }
  const submittedAt = submissionTime(checkpoint, terms);
  const counter = await recordedCounterCovering(deps, { party, spent, submittedAt });
  if (counter !== null) {
    await writer.answer(challenger, shown.pending, counter);
    return null;
  }
  // Before a cap that is not recorded yet: one transaction less, and it needs no signature.
  if (shown.final !== undefined && spent <= shown.final.row.spent) {
    await writer.answerWithFinalRow(challenger, shown.pending, shown.final);
    return null;
  }
  return await answerWithNewCap(deps, challenger, shown.pending, submittedAt);
}

/** The newest counter with a recorded cap that the court accepts for the row; `null` without. */
async function recordedCounterCovering(
  { chain, disputes, terms }: AnsweringDeps,
  { party, spent, submittedAt }: { party: Address; spent: bigint; submittedAt: number },
): Promise<bigint | null> {
  for (const counter of await disputes.recordedCounters(party, spent)) {
    // oxlint-disable-next-line no-await-in-loop -- the first that fits is enough
    const state = await chain.counterState(party, counter);
    if (isInForce(counter, state, submittedAt, terms) && state.recordedCap >= spent) return counter;
  }
  return null;
}

/**
 * Records a cap that the owner signed, then answers with it. Tries the next signature if the court
 * refuses one, as it does if a contract wallet disowns it.
 */
async function answerWithNewCap(
  { chain, writer, disputes, terms }: AnsweringDeps,
  challenger: Address,
  shown: ProvenRow,
  submittedAt: number,
): Promise<Unanswerable | null> {
  const { party, spent } = shown.row;
  let refusal: { readonly error: unknown } | null = null;
  for (const cap of await disputes.capsCovering(party, spent)) {
    const { counter } = cap.message;
    // oxlint-disable-next-line no-await-in-loop -- the first cap that fits is enough
    const state = await chain.counterState(party, counter);
    if (!isInForce(counter, state, submittedAt, terms)) continue;
    try {
      // oxlint-disable-next-line no-await-in-loop
      if (state.recordedCap < spent) await writer.recordCap(cap);
    } catch (error) {
      refusal = { error };
      continue;
    }
    // oxlint-disable-next-line no-await-in-loop
    await writer.answer(challenger, shown, counter);
    return null;
  }
  if (refusal !== null) throw refusal.error;
  return "no_allowance_covers_it";
}
