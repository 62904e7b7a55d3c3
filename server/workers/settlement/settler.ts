import type { TransactionResult } from "@compute-credits/platform/chain/chainWriter";
import type { ChainStore } from "@compute-credits/platform/chain/chainStore";
import type { StoredCheckpoint } from "../../stores/checkpoints/checkpointStore.ts";
import { type AnsweringDeps, answerChallenges } from "./answerChallenges.ts";
import { type SigningDeps, gatherSignatures } from "./gatherSignatures.ts";
import { type PayingDeps, payRows } from "./payRows.ts";
import { type CapDeps, recordCaps } from "./recordCaps.ts";

export interface Settler {
  /**
   * Moves settlement on by what can be done now: answers challenges, pays the rows of the newest final checkpoint, cuts
   * the next one once that is final, signs and submits it. Whatever was cut off is taken up again by the next call, of
   * this server or of another. At most one server may call it at a time.
   */
  step(): Promise<void>;
}

export interface SettlerDeps extends SigningDeps, AnsweringDeps, PayingDeps, CapDeps {
  readonly chainStore: ChainStore;
  /** how long after a cut the next one is made */
  readonly intervalSeconds: number;
  /** how long a prepared checkpoint waits for co-signers before it is cut anew; 0 = for ever */
  readonly abandonAfterSeconds: number;
  readonly onSubmitted: (checkpoint: StoredCheckpoint, sent: TransactionResult) => void;
  readonly onAbandoned: (checkpoint: StoredCheckpoint) => void;
  /** It was cut before the present signers took over. */
  readonly onVoid: (checkpoint: StoredCheckpoint) => void;
}

/** How many times longer: a day for the default hour, in which somebody can start the auditor that is down. */
const PATIENCE_WHEN_CO_SIGNED = 24;

/** A block that was reorganised away took its payments with it. */
const PAY_AGAIN_MS = 10_000;

export function createSettler(parts: SettlerDeps): Settler {
  const { chain, chainStore, writer, checkpoints, submissions, terms, probe } = parts;
  let nextCutAt = 0;
  let paid = { checkpoint: 0n, at: 0 };

  /** What there is to pay follows from the final checkpoint: it is looked up when that is a new one, and seldom again. */
  async function pay(final: StoredCheckpoint): Promise<void> {
    const isPaid = paid.checkpoint === final.id && performance.now() - paid.at < PAY_AGAIN_MS;
    if (isPaid) return;
    await payRows(parts, final);
    paid = { checkpoint: final.id, at: performance.now() };
  }

  async function cut(): Promise<StoredCheckpoint | null> {
    if (performance.now() < nextCutAt) return null;
    nextCutAt = performance.now() + parts.intervalSeconds * 1000;
    const next = await checkpoints.cut(terms.maxFeeBps);
    await probe("cut");
    return next;
  }

  async function submit(checkpoint: StoredCheckpoint): Promise<void> {
    const { epoch, previousRoot } = checkpoint.message;
    // On chain already, and the indexer is about to tell: nothing to send.
    if ((await chain.latestEpoch()) >= epoch) return;
    // The contract must have come as far as the ledger has: what is signed on top of another root is signed in vain.
    if ((await chain.finalRoot()) !== previousRoot) return;

    const since = await chain.signersSince();
    if (checkpoint.message.asOf < since) {
      // Signed or not, it is void, and its epoch is signed anew by those who sign now.
      if (await submissions.dropSuperseded(checkpoint.id, since)) {
        nextCutAt = 0;
        parts.onVoid(checkpoint);
      }
      return;
    }

    const gathered = await gatherSignatures(parts, checkpoint);
    if ("signatures" in gathered) {
      const { signatures } = gathered;
      parts.onSubmitted(checkpoint, await writer.submitCheckpoint(checkpoint.message, signatures));
    } else if (await giveUp(checkpoint, gathered.coSigned)) {
      nextCutAt = 0;
      parts.onAbandoned(checkpoint);
    }
  }

  /** Whoever co-signed it signs no other of its epoch: while others may still do so, it is worth waiting for them. */
  async function giveUp({ id }: StoredCheckpoint, coSigned: number): Promise<boolean> {
    const { abandonAfterSeconds } = parts;
    if (abandonAfterSeconds === 0) return false;
    return await submissions.abandon(
      id,
      coSigned === 0 ? abandonAfterSeconds : PATIENCE_WHEN_CO_SIGNED * abandonAfterSeconds,
    );
  }

  return {
    async step() {
      const latest = await checkpoints.latest();
      const final = await checkpoints.latestFinal();
      const isOpen = (await chainStore.frozenAt()) === null;
      await inTurn([
        // First of all: an answer has a deadline of hours, and a checkpoint hangs on it.
        async () => {
          if (latest?.status === "pending") await answerChallenges(parts, latest);
        },
        // While the next one is pending, too: requests have a deadline, and a crowd of them must not starve the last.
        async () => {
          if (final !== null) await pay(final);
        },
        async () => {
          if (!isOpen || latest?.status === "pending") return;
          await recordCaps(parts);
          const next = latest?.status === "prepared" ? latest : await cut();
          if (next !== null) await submit(next);
        },
      ]);
    },
  };
}

/** One after the other, whatever becomes of those before: a refund must not wait for a challenge that fails. */
async function inTurn(tasks: readonly (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const task of tasks) {
    // oxlint-disable-next-line no-await-in-loop -- one wallet sends its transactions one by one
    await task().catch((error: unknown) => errors.push(error));
  }
  const [first] = errors;
  if (errors.length > 1) throw new AggregateError(errors, String(first));
  if (first !== undefined) throw first;
}
