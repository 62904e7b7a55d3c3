import type { Address, Hex, PublicClient } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { CreditsError } from "../errors/creditsError.ts";
import { explained } from "./transact.ts";

/** The vault contract and a client of its chain. */
export interface ContractConnection {
  readonly client: PublicClient;
  readonly contract: Address;
  /**
   * the block of the vault's deployment, as `GET /v1/deployment` says; needed on rollups whose
   * contracts see another chain's block numbers
   */
  readonly deploymentBlock?: bigint | null;
}

/** A checkpoint as the contract stores it, with the data hash and time of its submission. */
export interface CheckpointOnChain {
  readonly epoch: bigint;
  readonly root: Hex;
  readonly spent: bigint;
  readonly refunded: bigint;
  readonly earned: bigint;
  readonly status: "final" | "pending";
  readonly finalAt: Date;
  /** the timestamp of the block with the submission */
  readonly submittedAt: Date;
  readonly dataHash: Hex;
}

/** A checkpoint's submission, by its event. */
export type Submission = Pick<CheckpointOnChain, "root" | "dataHash" | "submittedAt">;

/**
 * Reads the last final checkpoint and the pending one, both at a block; `null` if there is none.
 * Rejects with `chain_incomplete` if the endpoint lacks the event of one.
 */
export async function readCheckpoints(
  on: ContractConnection,
  blockNumber: bigint,
): Promise<{
  final: CheckpointOnChain | null;
  pending: CheckpointOnChain | null;
}> {
  const read = { address: on.contract, abi: computeCreditsAbi, blockNumber } as const;
  return await explained(async () => {
    const [final, pending] = await Promise.all([
      on.client.readContract({ ...read, functionName: "finalCheckpoint" }),
      on.client.readContract({ ...read, functionName: "pendingCheckpoint" }),
    ]);
    return {
      final: await withDataHash(on, final, { status: "final", blockNumber }),
      pending: await withDataHash(on, pending, { status: "pending", blockNumber }),
    };
  });
}

/** Blocks per log request, which every public endpoint accepts. */
const BLOCKS_PER_REQUEST = 2_000n;

interface RecordOnChain {
  readonly epoch: bigint;
  readonly root: Hex;
  readonly spent: bigint;
  readonly refunded: bigint;
  readonly earned: bigint;
  readonly finalAt: bigint;
}

async function withDataHash(
  on: ContractConnection,
  record: RecordOnChain,
  { status, blockNumber }: Pick<CheckpointOnChain, "status"> & { readonly blockNumber: bigint },
): Promise<CheckpointOnChain | null> {
  if (record.epoch === 0n) return null;
  const submission = await findSubmission(on, record, blockNumber);
  if (submission === null) {
    throw new CreditsError(
      `the endpoint has no submission event for the checkpoint of epoch ${record.epoch}`,
      { reason: "chain_incomplete" },
    );
  }
  // Not the event's finalAt: an open challenge postpones it.
  const finalAt = new Date(Number(record.finalAt) * 1000);
  return { ...record, status, finalAt, ...submission };
}

/**
 * Searches the last submission of an epoch, and of a root if one is given, from a block backwards.
 * `null` if there is none.
 */
export async function findSubmission(
  { client, contract }: ContractConnection,
  { epoch, root }: { readonly epoch: bigint; readonly root?: Hex },
  upTo: bigint,
): Promise<Submission | null> {
  for (let to = upTo; to >= 0n; to -= BLOCKS_PER_REQUEST) {
    // oxlint-disable-next-line no-await-in-loop -- the newest blocks most likely have it
    const events = await client.getContractEvents({
      address: contract,
      abi: computeCreditsAbi,
      eventName: "CheckpointSubmitted",
      args: root === undefined ? { epoch } : { epoch, root },
      fromBlock: to >= BLOCKS_PER_REQUEST ? to - BLOCKS_PER_REQUEST + 1n : 0n,
      toBlock: to,
      strict: true,
    });
    const last = events.at(-1);
    if (last === undefined) continue;
    // oxlint-disable-next-line no-await-in-loop -- the loop ends here
    const { timestamp } = await client.getBlock({ blockNumber: last.blockNumber });
    return {
      root: last.args.root,
      dataHash: last.args.dataHash,
      submittedAt: new Date(Number(timestamp) * 1000),
    };
  }
  return null;
}
