import {
  type Address,
  type Hex,
  BaseError,
  BlockNotFoundError,
  HttpRequestError,
  TimeoutError,
} from "viem";

import { min } from "@compute-credits/protocol/amounts";
import { ReorgBeyondConfirmations } from "@compute-credits/rules/chain/reorgBeyondConfirmations";
import type { BlockPoint } from "./blockPoint.ts";
import type { ChainSource, ChainStep, Confirmations } from "./chainSource.ts";
import { type BlockReaderDeps, readBlocks } from "./readBlocks.ts";
import {
  activeEndpoints,
  combinedError,
  createEndpoints,
  isKnownToAny,
  readTips,
  recordFailure,
  recordSuccess,
} from "./rpcEndpoints.ts";

export interface ChainSourceOptions {
  readonly confirmations: Confirmations;
  /** most blocks per step; halved while an endpoint refuses so many */
  readonly blocksPerRequest: bigint;
  readonly timeoutMs: number;
  /** hashes of blocks that an operator ordered to pass although their bloom filter is wrong */
  readonly passedBlocks?: () => Promise<ReadonlySet<Hex>>;
}

const NO_BLOCK_PASSES = () => Promise.resolve(new Set<Hex>());

/**
 * Creates a source that reads the contracts' logs from several endpoints. One endpoint answers a
 * whole step. The step counts only if its blocks connect to the last known one, its logs belong to
 * them, the bloom filters show no missing log, and a second request (to another endpoint if there
 * is one) returns the same logs.
 */
export function createRpcChainSource(
  rpcUrls: readonly string[],
  contracts: readonly Address[],
  {
    confirmations,
    blocksPerRequest,
    timeoutMs,
    passedBlocks = NO_BLOCK_PASSES,
  }: ChainSourceOptions,
): ChainSource {
  const endpoints = createEndpoints(rpcUrls, timeoutMs);
  let span = blocksPerRequest;

  return {
    async after(from) {
      const tips = await readTips(activeEndpoints(endpoints), confirmations);
      const ready = tips.filter(({ confirmed }) => confirmed > from.number);
      if (ready.length === 0) {
        // A head before `from` only shows that the endpoint lags.
        const newest = tips.reduce((max, { head }) => (head > max ? head : max), 0n);
        return newest === from.number ? "no_new_block" : "no_confirmed_block";
      }

      const errors: unknown[] = [];
      for (const tip of ready) {
        const { client } = tip.endpoint;
        const others = ready
          .filter((other) => other !== tip)
          .map(({ endpoint }) => endpoint.client);
        try {
          // oxlint-disable-next-line no-await-in-loop -- asks the next one only if this one fails
          const step = await readStep(
            { client, others, contracts, passedBlocks },
            from,
            tip.confirmed,
          );
          recordSuccess(tip.endpoint);
          return step;
        } catch (error) {
          recordFailure(tip.endpoint);
          errors.push(error);
        }
      }
      const error = combinedError(errors);
      if (error instanceof ReorgBeyondConfirmations && (await isKnownToAny(endpoints, from))) {
        throw new AggregateError(errors, "the endpoints follow different chains");
      }
      throw error;
    },
  };

  /**
   * Reads up to `span` blocks. After a refusal a single block is asked for: if that is refused too,
   * the number of blocks was not the reason, and the endpoint is left alone for a while.
   */
  async function readStep(
    deps: BlockReaderDeps,
    from: BlockPoint,
    confirmed: bigint,
  ): Promise<ChainStep> {
    const asked = min(span, confirmed - from.number);
    const step = async (blocks: bigint): Promise<ChainStep> => {
      const to = from.number + blocks;
      return { ...(await readBlocks(deps, from, to)), isLast: to === confirmed };
    };
    try {
      const read = await step(asked);
      // Doubles the span after each success, so that one busy stretch does not slow the rest down.
      span = min(span * 2n, blocksPerRequest);
      return read;
    } catch (error) {
      if (asked === 1n || !mayBeTooLarge(error)) throw error;
      if (isTimeout(error)) {
        // The next endpoint is asked, instead of waiting for this one again.
        span = asked / 2n;
        throw error;
      }
      const read = await step(1n).catch(() => {
        throw error;
      });
      span = asked / 2n;
      return read;
    }
  }
}

/**
 * Whether a request for fewer blocks could succeed. Providers have no common words or codes for a
 * range that is too large, so any refusal may be one.
 */
function mayBeTooLarge(error: unknown): boolean {
  return error instanceof BaseError && !(error instanceof BlockNotFoundError) && !isBusy(error);
}

/** HTTP statuses that ask the client to wait, or tell that the endpoint takes none of its requests. */
const BUSY = new Set([401, 403, 429, 502, 503]);

function isBusy(error: BaseError): boolean {
  const http = error.walk((cause) => cause instanceof HttpRequestError);
  return http instanceof HttpRequestError && http.status !== undefined && BUSY.has(http.status);
}

function isTimeout(error: unknown): boolean {
  return (
    error instanceof BaseError && error.walk((cause) => cause instanceof TimeoutError) !== null
  );
}
