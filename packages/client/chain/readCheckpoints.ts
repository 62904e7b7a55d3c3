import type { Address, Hex, PublicClient } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";

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

/** Reads the last final checkpoint and the pending one; `null` if there is none. */
export async function readCheckpoints(on: ContractConnection): Promise<{
  final: CheckpointOnChain | null;
  pending: CheckpointOnChain | null;
}> {
  const read = { address: on.contract, abi: computeCreditsAbi } as const;
  const [final, pending] = await Promise.all([
    on.client.readContract({ ...read, functionName: "finalCheckpoint" }),
    on.client.readContract({ ...read, functionName: "pendingCheckpoint" }),
  ]);
  return {
    final: await withDataHash(on, final, "final"),
    pending: await withDataHash(on, pending, "pending"),
  };
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
  status: CheckpointOnChain["status"],
): Promise<CheckpointOnChain | null> {
  if (record.epoch === 0n) return null;
  const submission = await submissionOf(on, record);
  return { ...record, status, finalAt: new Date(Number(record.finalAt) * 1000), ...submission };
}

/** Searches the submission's event from the newest block backwards. */
async function submissionOf(
  { client, contract }: ContractConnection,
  { epoch, root }: RecordOnChain,
): Promise<Pick<CheckpointOnChain, "dataHash" | "submittedAt">> {
  for (let to = await client.getBlockNumber(); to >= 0n; to -= BLOCKS_PER_REQUEST) {
    // oxlint-disable-next-line no-await-in-loop -- the newest blocks most likely have it
    const events = await client.getContractEvents({
      address: contract,
      abi: computeCreditsAbi,
      eventName: "CheckpointSubmitted",
      args: { epoch, root },
      fromBlock: to >= BLOCKS_PER_REQUEST ? to - BLOCKS_PER_REQUEST + 1n : 0n,
      toBlock: to,
    });
    const last = events.at(-1);
    if (last?.args.dataHash === undefined) continue;
    // oxlint-disable-next-line no-await-in-loop -- the loop ends here
    const { timestamp } = await client.getBlock({ blockNumber: last.blockNumber });
    return {
      dataHash: last.args.dataHash,
      submittedAt: new Date(Number(timestamp) * 1000),
    };
  }
  throw new Error(`the endpoint has no submission event for the checkpoint of epoch ${epoch}`);
}
