import type { Address, Hex } from "viem";

import type { ProvenRow } from "@compute-credits/client/accounts/readProof";
import {
  type ContractConnection,
  findSubmission,
  readCheckpoints,
} from "@compute-credits/client/chain/readCheckpoints";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { rowLeaf } from "@compute-credits/protocol/tree/row";
import { processProof } from "@compute-credits/protocol/tree/tree";

/** What this browser made of a row and its proof. */
export interface Recomputed {
  readonly leaf: Hex;
  readonly root: Hex;
  /** whether the proof leads to the root that the server names */
  readonly leadsToRoot: boolean;
}

/** Hashes a row and its proof up to the root. */
export function recompute({ row, proof, root }: ProvenRow): Recomputed {
  const leaf = rowLeaf(row);
  const found = processProof(leaf, proof);
  return { leaf, root: found, leadsToRoot: found === root };
}

/** What the vault says of a party, in micro-credits, at one block. */
export interface PartyOnChain {
  readonly blockNumber: bigint;
  readonly purchased: bigint;
  readonly spent: bigint;
  readonly refunded: bigint;
  readonly earned: bigint;
}

/** Reads what the chain has settled for a party. */
export async function readParty(
  { client, contract }: ContractConnection,
  party: Address,
): Promise<PartyOnChain> {
  const blockNumber = await client.getBlockNumber();
  const [purchased, spent, refunded, earned] = await client.readContract({
    address: contract,
    abi: computeCreditsAbi,
    functionName: "party",
    args: [party],
    blockNumber,
  });
  return { blockNumber, purchased, spent, refunded, earned };
}

/** How many signers have to agree on a checkpoint. */
export async function readThreshold({ client, contract }: ContractConnection): Promise<number> {
  return await client.readContract({
    address: contract,
    abi: computeCreditsAbi,
    functionName: "threshold",
  });
}

/** A checkpoint's root and stage on chain; `null` if none of this epoch was ever submitted. */
export async function readRoot(
  on: ContractConnection,
  epoch: bigint,
): Promise<{ readonly root: Hex; readonly stage: "final" | "pending" | "submitted" } | null> {
  const blockNumber = await on.client.getBlockNumber();
  const { final, pending } = await readCheckpoints(on, blockNumber);
  const stored = [final, pending].find((one) => one?.epoch === epoch);
  if (stored) return { root: stored.root, stage: stored.status };
  const submission = await findSubmission(on, { epoch }, blockNumber);
  return submission === null ? null : { root: submission.root, stage: "submitted" };
}
