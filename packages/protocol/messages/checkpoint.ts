import { type Hex, hashTypedData } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";

export const CHECKPOINT_TYPES = {
  Checkpoint: [
    { name: "epoch", type: "uint64" },
    { name: "previousRoot", type: "bytes32" },
    { name: "root", type: "bytes32" },
    { name: "spent", type: "uint64" },
    { name: "refunded", type: "uint64" },
    { name: "earned", type: "uint64" },
    { name: "asOf", type: "uint64" },
    { name: "dataHash", type: "bytes32" },
  ],
} as const;

/** Commits to every party's row at one moment. Amounts are cumulative micro-credits. */
export interface CheckpointMessage {
  /** 1 for the first */
  readonly epoch: bigint;
  /** the root of the last final checkpoint; zero for the first */
  readonly previousRoot: Hex;
  readonly root: Hex;
  readonly spent: bigint;
  readonly refunded: bigint;
  readonly earned: bigint;
  /** seconds since 1970: the snapshot holds every debit recorded until then */
  readonly asOf: bigint;
  /** hash of the published table file's head */
  readonly dataHash: Hex;
}

export function checkpointTypedData(deployment: Deployment, message: CheckpointMessage) {
  return {
    domain: signingDomain(deployment),
    types: CHECKPOINT_TYPES,
    primaryType: "Checkpoint",
    message,
  } as const;
}

/** The EIP-712 digest that the checkpoint signers sign. */
export function checkpointDigest(deployment: Deployment, message: CheckpointMessage): Hex {
  return hashTypedData(checkpointTypedData(deployment, message));
}
