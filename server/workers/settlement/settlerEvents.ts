import type { Logger } from "pino";

import type { CapProof, TransactionResult } from "@compute-credits/platform/chain/chainWriter";
import type { Row } from "@compute-credits/protocol/tree/row";
import type { StoredCheckpoint } from "../../stores/checkpoints/checkpointStore.ts";
import type { UncoveredSpending } from "../../stores/settlement/writeOffStore.ts";
import type { OpenChallenge } from "../../stores/settlement/disputeStore.ts";

/** Why the ledger has no answer to a challenge. */
export type Unanswerable = "no_row" | "row_falls_short" | "no_allowance_covers_it";

/** What the settler reports to the operator. */
export interface SettlerEvents {
  submitted(checkpoint: StoredCheckpoint, sent: TransactionResult): void;
  /** Too few co-signers signed the checkpoint in time. Its epoch is cut again. */
  abandoned(checkpoint: StoredCheckpoint): void;
  /** The signers changed after the checkpoint was cut. Its epoch is cut again. */
  void(checkpoint: StoredCheckpoint): void;
  /** The ledger has no answer: the challenge drops the checkpoint, unless another party answers. */
  unanswerable(challenge: OpenChallenge, why: Unanswerable): void;
  /** A cap has lost its force since the cut. The checkpoint's epoch is cut again. */
  coverLost(checkpoint: StoredCheckpoint): void;
  /** The operator's account took over spending that no cap covers any more. */
  writtenOff(spending: UncoveredSpending): void;
  /** The operator's account has too little: events that no cap covers were voided instead. */
  voidedUncovered(spending: UncoveredSpending, events: number): void;
  /** In a vault with a limit, no cap covers all of a row, or the chain refused to record it. */
  coverRefused(row: Row, error: unknown): void;
  /** The chain did not settle a row. `error` is `null` if the contract skipped it. */
  rowRefused(row: Row, error: unknown): void;
  /** A cap could not be recorded. The court refuses it if the wallet disowns its signature. */
  capRefused(cap: CapProof, error: unknown): void;
}

/** Writes each event as one line of the log. */
export function logSettlerEvents(log: Logger): SettlerEvents {
  return {
    submitted({ message, partyCount }, { transactionHash, gasUsed }) {
      const { epoch, root } = message;
      log.info(
        { epoch: `${epoch}`, root, partyCount, transactionHash, gasUsed: `${gasUsed}` },
        "checkpoint submitted",
      );
    },
    abandoned({ message, signatures }) {
      const { epoch, root } = message;
      log.warn(
        { epoch: `${epoch}`, root, signatures: signatures.length },
        "checkpoint given up: too few co-signers signed it in time; its epoch is cut again",
      );
    },
    void({ message }) {
      const { epoch, root } = message;
      log.warn(
        { epoch: `${epoch}`, root },
        "checkpoint void: the signers changed after it was cut; its epoch is cut again",
      );
    },
    unanswerable({ account, challenger, deadline }, why) {
      log.error(
        { account, challenger, deadline, why },
        "a challenge cannot be answered by the ledger: " +
          "it drops the checkpoint unless another party answers",
      );
    },
    coverLost({ message }) {
      const { epoch, root } = message;
      log.warn(
        { epoch: `${epoch}`, root },
        "checkpoint given up: a cap lost its force since the cut; its epoch is cut again",
      );
    },
    writtenOff({ account, uncoveredMicros }) {
      log.error(
        { account, uncoveredMicros: `${uncoveredMicros}` },
        "spending was written off: no cap covers it any more, and it is in no final checkpoint",
      );
    },
    voidedUncovered({ account, uncoveredMicros }, events) {
      log.error(
        { account, uncoveredMicros: `${uncoveredMicros}`, events },
        "events were voided: no cap covers them any more, and WRITE_OFF_ACCOUNT has too little",
      );
    },
    coverRefused({ party, spent }, error) {
      log.warn(
        { party, spent: `${spent}`, err: error },
        "a payer's spending could not be covered by a cap: it waits, and the others go on",
      );
    },
    rowRefused({ party }, error) {
      log.warn(
        { party, err: error },
        "the chain did not settle a row: it is left out for a while, and the others go on",
      );
    },
    capRefused({ message }, error) {
      log.warn(
        { account: message.account, err: error },
        "the cap of a contract wallet could not be recorded, so it cannot be spent; " +
          "it is tried again later",
      );
    },
  };
}
