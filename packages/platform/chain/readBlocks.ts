import { type Address, type Hex, type PublicClient, isAddressEqual, zeroHash } from "viem";
import { z } from "zod";

import { lowercaseHex } from "@compute-credits/protocol/hex";
import { ReorgBeyondConfirmations } from "@compute-credits/rules/chain/reorgBeyondConfirmations";
import type { BlockPoint } from "./blockPoint.ts";
import type { ChainStep } from "./chainSource.ts";
import {
  type Header,
  InvalidRpcAnswer,
  type MinedLog,
  checkComplete,
  checkHeaders,
  checkLogs,
  findBlocksToCount,
} from "./checkedLogs.ts";
import { firstAnswer } from "./rpcEndpoints.ts";
import { EVENT_TOPICS, toChainEvents } from "./toChainEvent.ts";

const Receipts = z.array(
  z.object({
    logs: z.array(
      z.object({
        address: z.string().transform((text): Hex => lowercaseHex(`0x${text.slice(2)}`)),
      }),
    ),
  }),
);

/** The endpoint that answers, the others that confirm its logs, and the contracts to read. */
export interface BlockReaderDeps {
  readonly client: PublicClient;
  readonly others: readonly PublicClient[];
  readonly contracts: readonly Address[];
  /** hashes of blocks whose bloom filter may deny their logs */
  readonly passedBlocks: () => Promise<ReadonlySet<Hex>>;
}

/**
 * Reads the events of the blocks after `from` up to `to`. Throws `InvalidRpcAnswer` if the answers
 * are inconsistent, and `ReorgBeyondConfirmations` if `from` is not in the endpoint's chain.
 */
export async function readBlocks(
  { client, others, contracts, passedBlocks }: BlockReaderDeps,
  from: BlockPoint,
  to: bigint,
): Promise<Omit<ChainStep, "isLast">> {
  const first = from.number + 1n;
  const range = { fromBlock: first, toBlock: to };
  // Asks for the last block first: if the endpoint lacks it, the other requests are pointless.
  await client.getBlock({ blockNumber: to });
  const [headers, answer] = await Promise.all([
    readHeaders(client, first, to),
    readLogs(client, contracts, range),
  ]);
  checkHeaders(headers, first, to);
  await checkSuccession(client, from, headers[0]);
  const checks = { headers, contracts, passed: await passedBlocks() };
  const logs = checkLogs(answer, checks);

  // A second opinion, from another endpoint if possible. One that fails or lags has none.
  const second = await firstAnswer([...others, client], async (other) =>
    checkLogs(await readLogs(other, contracts, range), checks),
  );
  checkComplete(logs, second);
  const toCount = findBlocksToCount(logs, { ...checks, topics: EVENT_TOPICS });
  for (const { number, hash } of toCount) {
    const answered = logs.filter(({ blockNumber }) => blockNumber === number).length;
    // oxlint-disable-next-line no-await-in-loop -- one block at a time bounds what is in memory
    const counted = await countLogsByReceipts(client, contracts, {
      hash,
      hasLogs: answered > 0,
    });
    if (counted > answered) {
      throw new InvalidRpcAnswer(`${counted - answered} logs of block ${number} were left out`);
    }
  }

  const byNumber = new Map(headers.map((header) => [header.number, timeOf(header)]));
  const last = headers.at(-1);
  if (last === undefined) throw new InvalidRpcAnswer("got no blocks for the range");
  return {
    upTo: { number: last.number, hash: last.hash, time: timeOf(last) },
    events: toChainEvents(logs, (number) => byNumber.get(number) ?? timeOf(last)),
  };
}

/**
 * Counts the contracts' logs in a block's receipts. Endpoints store receipts apart from the index
 * that answers `eth_getLogs`, so a gap in that index does not affect them. Some endpoints lack
 * `eth_getBlockReceipts`. Then the receipts of a block with events are read one by one, and a block
 * that only its bloom filter suspects, of which there are many, is asked for by its hash.
 */
async function countLogsByReceipts(
  client: PublicClient,
  contracts: readonly Address[],
  { hash, hasLogs }: { readonly hash: Hex; readonly hasLogs: boolean },
): Promise<number> {
  const answer: unknown = await client
    .request<{ Method: "eth_getBlockReceipts"; Parameters: [Hex]; ReturnType: unknown }>({
      method: "eth_getBlockReceipts",
      params: [hash],
    })
    .catch(() => null);
  const receipts = Receipts.safeParse(answer);
  if (receipts.success) return countLogs(receipts.data, contracts);
  if (!hasLogs) return (await readLogs(client, contracts, { blockHash: hash })).length;
  const { transactions } = await client.getBlock({ blockHash: hash });
  return countLogs(
    await Promise.all(transactions.map((sent) => client.getTransactionReceipt({ hash: sent }))),
    contracts,
  );
}

function countLogs(
  receipts: readonly { readonly logs: readonly { readonly address: Hex }[] }[],
  contracts: readonly Address[],
): number {
  return receipts
    .flatMap(({ logs }) => logs)
    .filter(({ address }) => contracts.some((contract) => isAddressEqual(contract, address)))
    .length;
}

async function readLogs(
  client: PublicClient,
  contracts: readonly Address[],
  blocks: { fromBlock: bigint; toBlock: bigint } | { blockHash: Hex },
): Promise<MinedLog[]> {
  return await client.getLogs({ address: [...contracts], ...blocks });
}

async function readHeaders(client: PublicClient, first: bigint, to: bigint): Promise<Header[]> {
  const numbers = Array.from({ length: Number(to - first + 1n) }, (_, n) => first + BigInt(n));
  return await Promise.all(numbers.map((blockNumber) => client.getBlock({ blockNumber })));
}

/** Checks that the first block follows the ledger's last one. */
async function checkSuccession(
  client: PublicClient,
  from: BlockPoint,
  next: Header | undefined,
): Promise<void> {
  if (next === undefined || next.parentHash === from.hash) return;
  const known = await client.getBlock({ blockNumber: from.number });
  if (known.hash === from.hash) {
    if (next.parentHash === zeroHash) return;
    throw new InvalidRpcAnswer(`block ${next.number} does not follow block ${from.number}`);
  }
  throw new ReorgBeyondConfirmations(from, known.hash);
}

function timeOf({ timestamp }: Header): Date {
  return new Date(Number(timestamp) * 1000);
}
