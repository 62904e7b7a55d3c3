import {
  type Address,
  BaseError,
  type Hex,
  type PublicClient,
  TimeoutError,
  createPublicClient,
  http,
  isAddressEqual,
  zeroHash,
} from "viem";
import { z } from "zod";

import { min } from "@compute-credits/protocol/amounts";
import type { BlockPoint } from "./blockPoint.ts";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import { ReorgBeyondConfirmations } from "@compute-credits/rules/chain/reorgBeyondConfirmations";
import type { ChainSource, ChainStep, Confirmations } from "./chainSource.ts";
import {
  type Header,
  type MinedLog,
  InvalidRpcAnswer,
  checkHeaders,
  checkLogs,
  checkComplete,
  findSuspectBlocks,
} from "./checkedLogs.ts";
import { EVENT_TOPICS, toChainEvents } from "./toChainEvent.ts";

export interface ChainSourceOptions {
  readonly confirmations: Confirmations;
  /** the most blocks that one step covers; fewer where the endpoint refuses so many */
  readonly blocksPerRequest: bigint;
  readonly timeoutMs: number;
}

const Receipts = z.array(
  z.object({
    logs: z.array(
      z.object({
        address: z.string().transform((text): Hex => lowercaseHex(`0x${text.slice(2)}`)),
      }),
    ),
  }),
);

/** JSON-RPC requests that go together in one HTTP request: what public endpoints take. */
const BATCH_SIZE = 50;

/** An endpoint that failed is asked again after a pause that doubles from the first to the second of these. */
const REST_MS = { min: 1_000, max: 60_000 };

interface Endpoint {
  readonly client: PublicClient;
  failures: number;
  restsUntil: number;
}

/**
 * Reads the contracts' logs from several endpoints. A step is answered by one endpoint as a whole, and taken only where
 * it is consistent: the blocks follow each other from the last one known, every log is of such a block, no block's bloom
 * filter speaks of logs that are missing, and a second asking (of another endpoint, where there is one) brings the same.
 */
export function createRpcChainSource(
  rpcUrls: readonly string[],
  contracts: readonly Address[],
  { confirmations, blocksPerRequest, timeoutMs }: ChainSourceOptions,
): ChainSource {
  const endpoints: readonly Endpoint[] = rpcUrls.map((url) => ({
    client: createPublicClient({
      transport: http(url, { timeout: timeoutMs, retryCount: 1, batch: { batchSize: BATCH_SIZE } }),
      // A cached head would hide the newest blocks from a server that asks more often than they come.
      cacheTime: 0,
    }),
    failures: 0,
    restsUntil: 0,
  }));
  let span = blocksPerRequest;

  return {
    async after(from) {
      const tips = await tipsOf(awake(endpoints), confirmations);
      const able = tips.filter(({ confirmed }) => confirmed > from.number);
      if (able.length === 0) {
        // A head before `from` is one that lags, and tells nothing.
        const newest = tips.reduce((max, { head }) => (head > max ? head : max), 0n);
        return newest === from.number ? "no_new_block" : "no_confirmed_block";
      }

      const errors: unknown[] = [];
      for (const tip of able) {
        const others = able.filter((other) => other !== tip).map(({ endpoint }) => endpoint.client);
        try {
          // oxlint-disable-next-line no-await-in-loop -- the next is asked only where this one fails
          const step = await readStep(tip.endpoint.client, others, from, tip.confirmed);
          succeeded(tip.endpoint);
          return step;
        } catch (error) {
          failed(tip.endpoint);
          errors.push(error);
        }
      }
      const error = worst(errors);
      if (error instanceof ReorgBeyondConfirmations && (await isKnownTo(endpoints, from))) {
        throw new AggregateError(errors, "the endpoints follow different chains");
      }
      throw error;
    },
  };

  async function readStep(
    client: PublicClient,
    others: readonly PublicClient[],
    from: BlockPoint,
    confirmed: bigint,
  ): Promise<ChainStep> {
    const first = from.number + 1n;
    for (;;) {
      const to = from.number + (span < confirmed - from.number ? span : confirmed - from.number);
      try {
        // oxlint-disable-next-line no-await-in-loop -- again, with fewer blocks, where these were too many
        const step = await readRange(client, others, from, { first, to });
        // Twice as many the next time, up to what is configured: a busy stretch does not slow the rest down.
        span = min(span * 2n, blocksPerRequest);
        return { ...step, isLast: to === confirmed };
      } catch (error) {
        const fewer = (to - from.number) / 2n;
        if (fewer === 0n || !(asksTooMuch(error) || error instanceof TimeoutError)) throw error;
        span = fewer;
        // One that hangs is not waited for again and again: the next is asked, for fewer blocks.
        if (error instanceof TimeoutError) throw error;
      }
    }
  }

  async function readRange(
    client: PublicClient,
    others: readonly PublicClient[],
    from: BlockPoint,
    { first, to }: { first: bigint; to: bigint },
  ): Promise<Omit<ChainStep, "isLast">> {
    const range = { fromBlock: first, toBlock: to };
    // Before all others: one who does not have the last block need not be asked for a thousand.
    await client.getBlock({ blockNumber: to });
    const [headers, answer] = await Promise.all([
      headersOf(client, first, to),
      logsOf(client, range),
    ]);
    checkHeaders(headers, first, to);
    await checkSuccession(client, from, headers[0]);
    const logs = checkLogs(answer, headers, contracts);

    // Of somebody else where possible. One who is behind, or does not answer, cannot say.
    const second = await firstOf([...others, client], async (other) =>
      checkLogs(await logsOf(other, range), headers, contracts),
    );
    checkComplete(logs, second);
    for (const { number, hash } of findSuspectBlocks(headers, logs, {
      contracts,
      topics: EVENT_TOPICS,
    })) {
      // oxlint-disable-next-line no-await-in-loop -- rare: a block of which the filter speaks by chance
      const missing = await countByReceipts(client, hash);
      if (missing > 0)
        throw new InvalidRpcAnswer(`${missing} logs of block ${number} were left out`);
    }

    const byNumber = new Map(headers.map((header) => [header.number, timeOf(header)]));
    const last = headers.at(-1);
    if (last === undefined) throw new InvalidRpcAnswer("a range without blocks");
    return {
      upTo: { number: last.number, hash: last.hash, time: timeOf(last) },
      events: toChainEvents(logs, (number) => byNumber.get(number) ?? timeOf(last)),
    };
  }

  /** From where logs are born: endpoints keep them in another store than the one that answers `eth_getLogs`. */
  async function countByReceipts(client: PublicClient, blockHash: Hex): Promise<number> {
    const answer: unknown = await client
      .request<{ Method: "eth_getBlockReceipts"; Parameters: [Hex]; ReturnType: unknown }>({
        method: "eth_getBlockReceipts",
        params: [blockHash],
      })
      .catch(() => null);
    const receipts = Receipts.safeParse(answer);
    // Not every endpoint has the method.
    if (!receipts.success) return (await logsOf(client, { blockHash })).length;
    return receipts.data
      .flatMap(({ logs }) => logs)
      .filter(({ address }) => contracts.some((contract) => isAddressEqual(contract, address)))
      .length;
  }

  async function logsOf(
    client: PublicClient,
    blocks: { fromBlock: bigint; toBlock: bigint } | { blockHash: Hex },
  ): Promise<MinedLog[]> {
    return await client.getLogs({ address: [...contracts], ...blocks });
  }
}

async function headersOf(client: PublicClient, first: bigint, to: bigint): Promise<Header[]> {
  const numbers = Array.from({ length: Number(to - first + 1n) }, (_, n) => first + BigInt(n));
  return await Promise.all(numbers.map((blockNumber) => client.getBlock({ blockNumber })));
}

/** Throws where the first block does not follow the one that the ledger stands at. */
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

interface Tip {
  readonly endpoint: Endpoint;
  readonly head: bigint;
  readonly confirmed: bigint;
}

/** How far each endpoint is. Throws where none of them answers. */
async function tipsOf(
  endpoints: readonly Endpoint[],
  confirmations: Confirmations,
): Promise<readonly Tip[]> {
  const answers = await Promise.allSettled(
    endpoints.map(async (endpoint): Promise<Tip> => {
      const [head, confirmed] = await Promise.all([
        endpoint.client.getBlockNumber(),
        typeof confirmations === "bigint"
          ? null
          : endpoint.client.getBlock({ blockTag: confirmations }).then(({ number }) => number),
      ]);
      return {
        endpoint,
        head,
        confirmed: confirmed ?? head - (typeof confirmations === "bigint" ? confirmations : 0n),
      };
    }),
  );
  const tips: Tip[] = [];
  const errors: unknown[] = [];
  for (const [index, answer] of answers.entries()) {
    if (answer.status === "fulfilled") {
      tips.push(answer.value);
    } else {
      errors.push(answer.reason);
      const endpoint = endpoints[index];
      if (endpoint !== undefined) failed(endpoint);
    }
  }
  if (tips.length === 0) throw worst(errors);
  return tips;
}

function awake(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const now = Date.now();
  const ready = endpoints.filter(({ restsUntil }) => restsUntil <= now);
  return ready.length > 0 ? ready : endpoints;
}

function succeeded(endpoint: Endpoint): void {
  endpoint.failures = 0;
  endpoint.restsUntil = 0;
}

function failed(endpoint: Endpoint): void {
  endpoint.restsUntil = Date.now() + Math.min(REST_MS.min * 2 ** endpoint.failures, REST_MS.max);
  endpoint.failures += 1;
}

/** Another past counts only where nobody else failed for another reason: who does not answer might still know ours. */
function worst(errors: readonly unknown[]): Error {
  const reorg = errors.find((error) => error instanceof ReorgBeyondConfirmations);
  if (reorg !== undefined && errors.every((error) => error instanceof ReorgBeyondConfirmations)) {
    return reorg;
  }
  const [only] = errors;
  if (errors.length === 1 && only instanceof Error) return only;
  return new AggregateError(errors, "no endpoint gives a usable answer");
}

/** Whether any endpoint, resting or not, has the block in its chain. */
async function isKnownTo(
  endpoints: readonly Endpoint[],
  { number, hash }: BlockPoint,
): Promise<boolean> {
  const blocks = await Promise.allSettled(
    endpoints.map(({ client }) => client.getBlock({ blockNumber: number })),
  );
  return blocks.some((block) => block.status === "fulfilled" && block.value.hash === hash);
}

async function firstOf<T, Result>(
  candidates: readonly T[],
  ask: (candidate: T) => Promise<Result>,
): Promise<Result> {
  let last: unknown;
  for (const candidate of candidates) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- the next is asked only where this one fails
      return await ask(candidate);
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

const TOO_MUCH = /too (many|large|big)|more than|exceed|limit|range|response size/i;
const TOO_OFTEN = /rate|429|throttl|too many requests|per second/i;

/** Whether fewer blocks would help. Every provider words it otherwise. */
function asksTooMuch(error: unknown): boolean {
  if (error instanceof TimeoutError) return true;
  if (!(error instanceof BaseError)) return false;
  const text = `${error.shortMessage} ${error.details}`;
  return TOO_MUCH.test(text) && !TOO_OFTEN.test(text);
}

function timeOf({ timestamp }: Header): Date {
  return new Date(Number(timestamp) * 1000);
}
