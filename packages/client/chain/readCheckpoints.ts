import type { Address, Hex, PublicClient } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";

export interface ContractConnection {
  readonly client: PublicClient;
  readonly contract: Address;
}

/** What the contract keeps of a checkpoint, and what its submission said: its data hash, and when it was. */
export interface CheckpointOnChain {
  readonly epoch: bigint;
  readonly root: Hex;
  readonly spent: bigint;
  readonly refunded: bigint;
  readonly earned: bigint;
  readonly status: "final" | "pending";
  readonly finalAt: Date;
  /** the chain's time */
  readonly submittedAt: Date;
  readonly dataHash: Hex;
}

/** The last final checkpoint and the pending one, as far as there are any. */
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

/** In blocks: what every public endpoint answers at once. */
const WINDOW = 2_000n;

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

/** From the newest block backwards. */
async function submissionOf(
  { client, contract }: ContractConnection,
  { epoch, root }: RecordOnChain,
): Promise<Pick<CheckpointOnChain, "dataHash" | "submittedAt">> {
  for (let to = await client.getBlockNumber(); to >= 0n; to -= WINDOW) {
    // oxlint-disable-next-line no-await-in-loop -- it is most likely in the newest blocks
    const events = await client.getContractEvents({
      address: contract,
      abi: computeCreditsAbi,
      eventName: "CheckpointSubmitted",
      args: { epoch, root },
      fromBlock: to >= WINDOW ? to - WINDOW + 1n : 0n,
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
  throw new Error(`the chain has a checkpoint of epoch ${epoch} and no event of its submission`);
}
