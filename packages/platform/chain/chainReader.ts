import type { Address, Hex } from "viem";

import type { BlockPoint } from "./blockPoint.ts";
import type { OriginOptions } from "./readOrigin.ts";
import type { SubmissionRange } from "./submissionSigners.ts";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import type { SignedMessage, Signing } from "@compute-credits/protocol/messages/signatureCheck";
import type { Row } from "@compute-credits/protocol/tree/row";

/** The terms fixed at the contract's deployment. */
export interface Terms {
  readonly token: Address;
  /** micro-credits per whole token */
  readonly creditMicrosPerToken: bigint;
  /** the token's smallest units in a whole one; `null` if an older version kept these terms */
  readonly tokenUnit: bigint | null;
  readonly maxFeeBps: bigint;
  readonly disputeWindowSeconds: number;
  readonly answerWindowSeconds: number;
  readonly refundWindowSeconds: number;
  readonly counterGraceSeconds: number;
  /**
   * How much earnings and fees may leave beyond the settled spending, in micro-credits. `null` if
   * the vault has no limit, and settles rows without their cover.
   */
  readonly unprovenLimitMicros: bigint | null;
}

/** Reads the contracts at the newest block. Every method rejects if no endpoint answers. */
export interface ChainReader {
  readonly deployment: Deployment;
  terms(): Promise<Terms>;
  /** the number of signatures that a checkpoint needs */
  threshold(): Promise<number>;
  isSigner(address: Address): Promise<boolean>;
  /** seconds since 1970: when the current signers took over; checkpoints cut earlier are void */
  signersSince(): Promise<bigint>;
  /**
   * the block before the contract's deployment, from which the ledger starts reading; rejects with a
   * `ConfigError` if the contract was not deployed there
   */
  origin(options: OriginOptions): Promise<BlockPoint>;
  /** the number of the newest block */
  head(): Promise<bigint>;
  /** the epoch of the newest checkpoint, final or pending; 0 before the first */
  latestEpoch(): Promise<bigint>;
  /** the newest checkpoint, final or pending; its root is zero before the first */
  latestCheckpoint(): Promise<ChainCheckpoint>;
  /** how many checkpoints were dropped so far */
  drops(): Promise<bigint>;
  /** Whether an attempt at the epoch was dropped from `first` on and before `second`, in seconds. */
  wasDroppedBetween(epoch: bigint, first: bigint, second: bigint): Promise<boolean>;
  /** who signed the submissions of these epochs; `null` if the chain does not tell */
  submissionSigners(range: SubmissionRange): Promise<ReadonlySet<Address> | null>;
  /** the root of the last final checkpoint; zero before the first */
  finalRoot(): Promise<Hex>;
  /** the settled amounts of each party, in the same order */
  settledRows(parties: readonly Address[]): Promise<readonly Row[]>;
  /** the sum of the settled spending of all parties, in micro-credits */
  settledSpent(): Promise<bigint>;
  /** the state of one of the account's counters in the vault and the court */
  counterState(account: Address, counter: bigint): Promise<CounterState>;
  /** whether the court still waits for an answer to this challenge */
  isChallengeOpen(account: Address, challenger: Address): Promise<boolean>;
  /** the address of the court, which decides disputes */
  court(): Promise<Address>;
  /**
   * Checks a signature by the contract's own rules: the signer's key, or ERC-1271. Like the next
   * three, it rejects only if no endpoint answers: whatever a wallet does is an answer.
   */
  isSignedBy(signer: Address, digest: Hex, signature: Hex): Promise<boolean>;
  /** The same for wallets that sign in, also those that are not deployed yet (ERC-6492). */
  isSignedByAnyWallet(signer: Address, digest: Hex, signature: Hex): Promise<boolean>;
  /** Returns who signed a digest, by the contract's rules. */
  signingOf(signer: Address, digest: Hex, signature: Hex): Promise<Signing>;
  /** Returns who signed an allowance, by asking the court. */
  allowanceSigning(signed: SignedMessage): Promise<Signing>;
}

/** A checkpoint as the vault keeps it. */
export interface ChainCheckpoint {
  readonly epoch: bigint;
  readonly root: Hex;
}

/** The state of one counter of an account. */
export interface CounterState {
  readonly currentCounter: bigint;
  /** seconds since 1970: when the requested counter ended; 0 if it has not */
  readonly endedAt: number;
  /** micro-credits: the highest account cap recorded in the court under that counter */
  readonly recordedCap: bigint;
}
