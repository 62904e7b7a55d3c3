import type { Address, Hex } from "viem";

import type { BlockPoint } from "./blockPoint.ts";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import type { Row } from "@compute-credits/protocol/tree/row";

/** The terms that the contract was deployed with; they never change. */
export interface Terms {
  readonly token: Address;
  /** micro-credits per whole token */
  readonly creditMicrosPerToken: bigint;
  readonly maxFeeBps: bigint;
  readonly disputeWindowSeconds: number;
  readonly answerWindowSeconds: number;
  readonly refundWindowSeconds: number;
  readonly counterGraceSeconds: number;
}

/** What the server reads from the chain. */
export interface ChainReader {
  readonly deployment: Deployment;
  terms(): Promise<Terms>;
  /** how many signatures a checkpoint needs, now */
  threshold(): Promise<number>;
  isSigner(address: Address): Promise<boolean>;
  /** when the present signers took over, in seconds since 1970; a checkpoint that was cut before is void */
  signersSince(): Promise<bigint>;
  /** the block before the contract's own: nothing of it happened up to here */
  origin(): Promise<BlockPoint>;
  /** of the newest checkpoint on chain, final or not; 0 before the first */
  latestEpoch(): Promise<bigint>;
  /** of the last final one; zero before the first */
  finalRoot(): Promise<Hex>;
  /** what the contract has settled of each, now */
  settledRows(parties: readonly Address[]): Promise<readonly Row[]>;
  /** where the account stands with the court, now */
  counterState(account: Address, counter: bigint): Promise<CounterState>;
  /** whether the court waits for an answer to this challenge, now */
  isChallengeOpen(account: Address, challenger: Address): Promise<boolean>;
  /** where disputes are held */
  court(): Promise<Address>;
  /** Whether a wallet, or a contract (ERC-1271), signed the EIP-712 digest: exactly what the contract would accept. */
  isSignedBy(signer: Address, digest: Hex, signature: Hex): Promise<boolean>;
}

export interface CounterState {
  readonly currentCounter: bigint;
  /** when the counter that was asked for ended, in seconds since 1970; 0 where it has not */
  readonly endedAt: number;
  /** the highest ceiling on record under that counter */
  readonly recordedCap: bigint;
}
