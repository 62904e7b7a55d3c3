import type { Address } from "viem";

import type { ChainReader, Terms } from "@compute-credits/platform/chain/chainReader";
import type { ChainStore } from "@compute-credits/platform/chain/chainStore";
import type { ChainWriter } from "@compute-credits/platform/chain/chainWriter";
import { inTurn } from "@compute-credits/platform/process/inTurn";
import type {
  StoredCheckpoint,
  CheckpointStore,
} from "../../stores/checkpoints/checkpointStore.ts";
import type { DisputeStore } from "../../stores/settlement/disputeStore.ts";
import type { UncoveredSpending } from "../../stores/settlement/writeOffStore.ts";
import type { SubmissionStore } from "../../stores/settlement/submissionStore.ts";
import {
  type AnsweringDeps,
  type UnansweredChallenge,
  answerChallenges,
  challengeKey,
} from "./answerChallenges.ts";
import { createBackoff } from "./backoff.ts";
import { type SigningDeps, gatherSignatures } from "./gatherSignatures.ts";
import { type CoveringDeps, type Headroom, coverRows } from "./coverRows.ts";
import { type PayingDeps, payRows } from "./payRows.ts";
import { type CapDeps, recordCaps } from "./recordCaps.ts";
import type { SettlerEvents } from "./settlerEvents.ts";
import { type WritingOffDeps, writeOffUncovered } from "./writeOffUncovered.ts";

export interface Settler {
  /**
   * Does what settlement can do now: answers challenges, pays the rows of the newest final
   * checkpoint, then cuts, signs and submits the next one. After a crash the next call goes on,
   * on any server. Only one server at a time may call it.
   */
  step(): Promise<void>;
  /** The open challenges that the ledger had no answer to when it last looked. */
  unanswered(): readonly UnansweredChallenge[];
  /** Spending that nothing covers and that could not be taken out of the rows at the last cut. */
  uncovered(): readonly UncoveredSpending[];
  /** What may still leave a vault with a limit; `null` without one, or before the first look. */
  headroom(): Headroom | null;
}

export interface SettlerDeps
  extends
    SigningDeps,
    Omit<AnsweringDeps, "refusedAnswers">,
    Omit<PayingDeps, "refusedRows">,
    CapDeps,
    WritingOffDeps,
    Omit<CoveringDeps, "refusedCovers" | "recentCovers"> {
  readonly chain: ChainReader;
  readonly writer: ChainWriter;
  readonly chainStore: Pick<ChainStore, "frozenAt">;
  readonly checkpoints: CheckpointStore;
  readonly submissions: SubmissionStore;
  readonly disputes: DisputeStore;
  readonly terms: Terms;
  readonly events: SettlerEvents;
  /** from one cut to the next */
  readonly intervalSeconds: number;
  /** how long a checkpoint waits for its first co-signer before it is given up; 0 = for ever */
  readonly abandonAfterSeconds: number;
}

/** A co-signed checkpoint waits this many times longer: by default a day, to repair an auditor. */
const PATIENCE_WHEN_CO_SIGNED = 24;

/** Payments are looked up again this often, because a reorganised block undoes its payments. */
const PAY_AGAIN_MS = 10_000;

/** A refund has days, so a row that the chain refuses is tried again within the hour. */
const ROW_PAUSES = { firstPauseMs: 60_000, maxPauseMs: 3_600_000 };

/** Longer than confirmations take. A reorganised block may undo a cover, so it is looked up again. */
const RECENT_PAUSES = { firstPauseMs: 600_000, maxPauseMs: 600_000 };

/** An answer has hours at most. */
const ANSWER_PAUSES = { firstPauseMs: 1_000, maxPauseMs: 60_000 };

export function createSettler(deps: SettlerDeps): Settler {
  const { chain, chainStore, writer, checkpoints, submissions, terms, events, probe } = deps;
  const refusedRows = createBackoff<Address>(ROW_PAUSES);
  const refusedAnswers = createBackoff<string>(ANSWER_PAUSES);
  const refusedCovers = createBackoff<Address>(ROW_PAUSES);
  let recentCovers = createBackoff<Address>(RECENT_PAUSES);
  let headroom: Headroom | null = null;
  let unanswered: readonly UnansweredChallenge[] = [];
  let uncovered: readonly UncoveredSpending[] = [];
  let nextCutAt = 0;
  let paid = { checkpoint: 0n, at: 0 };

  /** Looks up what to cover and pay when the final checkpoint is a new one, and every `PAY_AGAIN_MS`. */
  async function pay(final: StoredCheckpoint): Promise<void> {
    const isPaid = paid.checkpoint === final.id && performance.now() - paid.at < PAY_AGAIN_MS;
    if (isPaid) return;
    if (paid.checkpoint !== final.id) recentCovers = createBackoff(RECENT_PAUSES);
    const isFrozen = (await chainStore.frozenAt()) !== null;
    headroom =
      (await coverRows({ ...deps, refusedCovers, recentCovers }, final, { isFrozen })) ?? headroom;
    await payRows({ ...deps, refusedRows }, final);
    paid = { checkpoint: final.id, at: performance.now() };
  }

  async function cut(): Promise<StoredCheckpoint | null> {
    if (performance.now() < nextCutAt) return null;
    nextCutAt = performance.now() + deps.intervalSeconds * 1000;
    uncovered = await writeOffUncovered(deps);
    const next = await checkpoints.cut(terms.maxFeeBps);
    await probe("cut");
    return next;
  }

  async function submit(checkpoint: StoredCheckpoint): Promise<void> {
    const { epoch, previousRoot } = checkpoint.message;
    // It is on chain already, and the indexer has not read it yet.
    if ((await chain.latestEpoch()) >= epoch) return;
    // The contract refuses a checkpoint that follows another root than its own final one.
    if ((await chain.finalRoot()) !== previousRoot) return;

    const since = await chain.signersSince();
    if (checkpoint.message.asOf <= since) {
      // The contract refuses it, signed or not, so the present signers sign its epoch again. The
      // first signers took over at 0, before every checkpoint.
      if (await submissions.dropSuperseded(checkpoint.id, since)) {
        nextCutAt = 0;
        events.void(checkpoint);
      }
      return;
    }

    if (await loseCover(checkpoint)) return;
    const gathered = await gatherSignatures(deps, checkpoint);
    if ("signatures" in gathered) {
      const { signatures } = gathered;
      events.submitted(checkpoint, await writer.submitCheckpoint(checkpoint.message, signatures));
    } else if (await giveUp(checkpoint, gathered.coSigned)) {
      nextCutAt = 0;
      events.abandoned(checkpoint);
    }
  }

  /**
   * Gives up a checkpoint that nobody has signed if a cap has lost its force since the cut. One that
   * somebody signed is submitted all the same: its signer signs no other before the chain drops it.
   */
  async function loseCover(checkpoint: StoredCheckpoint): Promise<boolean> {
    if (checkpoint.isSigning || checkpoint.signatures.length > 0) return false;
    if (!(await deps.writeOffs.hasLostCover(checkpoint.id, terms))) return false;
    if (!(await submissions.abandon(checkpoint.id, 0))) return false;
    nextCutAt = 0;
    events.coverLost(checkpoint);
    return true;
  }

  /**
   * A co-signer signs one checkpoint per epoch, so one that has been co-signed waits longer: giving
   * it up would lose those signatures.
   */
  async function giveUp({ id }: StoredCheckpoint, coSigned: number): Promise<boolean> {
    const { abandonAfterSeconds } = deps;
    if (abandonAfterSeconds === 0) return false;
    return await submissions.abandon(
      id,
      coSigned === 0 ? abandonAfterSeconds : PATIENCE_WHEN_CO_SIGNED * abandonAfterSeconds,
    );
  }

  async function answerAll(pending: StoredCheckpoint): Promise<void> {
    const failed = await answerChallenges({ ...deps, refusedAnswers }, pending);
    const again = new Set(failed.map(challengeKey));
    // Those that wait to be tried again stay on the list.
    const waiting = unanswered.filter((challenge) => {
      const key = challengeKey(challenge);
      return refusedAnswers.isWaiting(key) && !again.has(key);
    });
    unanswered = [...failed, ...waiting];
  }

  return {
    unanswered: () => unanswered,
    uncovered: () => uncovered,
    headroom: () => headroom,

    async step() {
      const latest = await checkpoints.latest();
      const final = await checkpoints.latestFinal();
      const isOpen = (await chainStore.frozenAt()) === null;
      // A failed answer must not delay a refund.
      await inTurn([
        // First, because an unanswered challenge drops the checkpoint within hours.
        async () => {
          if (latest?.status === "pending") await answerAll(latest);
          else unanswered = [];
        },
        // Also while the next one is pending: refund requests have deadlines.
        async () => {
          if (final !== null) await pay(final);
        },
        // Also while one is pending: contract wallets cannot spend before it.
        async () => {
          if (isOpen) await recordCaps(deps);
        },
        async () => {
          if (!isOpen || latest?.status === "pending") return;
          const next = latest?.status === "prepared" ? latest : await cut();
          if (next !== null) await submit(next);
        },
      ]);
    },
  };
}
