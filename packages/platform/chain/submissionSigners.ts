import { type Address, type PublicClient, decodeFunctionData, isAddressEqual } from "viem";

import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { min } from "@compute-credits/protocol/amounts";
import { lowercaseHex } from "@compute-credits/protocol/hex";

/** Checkpoints on chain, by their epochs, and the block from which to look for them. */
export interface SubmissionRange {
  readonly fromBlock: bigint;
  /** exclusive */
  readonly after: bigint;
  /** inclusive */
  readonly upTo: bigint;
}

/** Bounds the search: about two weeks of blocks, in as many requests as a start may take. */
const MAX_EPOCHS = 2_000n;
const MAX_BLOCKS = 100_000n;
const BLOCKS_PER_REQUEST = 2_000n;

/**
 * Reads who signed the submissions of these epochs, from their transactions. Returns `null` if that
 * cannot be told: the range is too long, an epoch was not found, or a contract submitted it.
 */
export async function readSubmissionSigners(
  client: PublicClient,
  contract: Address,
  { fromBlock, after, upTo }: SubmissionRange,
): Promise<ReadonlySet<Address> | null> {
  const head = await client.getBlockNumber();
  if (upTo - after > MAX_EPOCHS || head - fromBlock > MAX_BLOCKS) return null;
  const missing = new Set<bigint>();
  for (let epoch = after + 1n; epoch <= upTo; epoch++) missing.add(epoch);
  const signers = new Set<Address>();
  for (let from = fromBlock; from <= head; from += BLOCKS_PER_REQUEST) {
    // oxlint-disable-next-line no-await-in-loop -- a long range in a few requests
    const logs = await client.getContractEvents({
      address: contract,
      abi: computeCreditsAbi,
      eventName: "CheckpointSubmitted",
      fromBlock: from,
      toBlock: min(from + BLOCKS_PER_REQUEST - 1n, head),
    });
    for (const { args, transactionHash } of logs) {
      if (args.epoch === undefined || args.epoch <= after || args.epoch > upTo) continue;
      // oxlint-disable-next-line no-await-in-loop -- as above
      const { to, input } = await client.getTransaction({ hash: transactionHash });
      if (to === null || !isAddressEqual(to, contract)) return null;
      const call = decodeFunctionData({ abi: computeCreditsAbi, data: input });
      if (call.functionName !== "submitCheckpoint") return null;
      for (const { signer } of call.args[1]) signers.add(lowercaseHex(signer));
      missing.delete(args.epoch);
    }
  }
  return missing.size === 0 ? signers : null;
}
