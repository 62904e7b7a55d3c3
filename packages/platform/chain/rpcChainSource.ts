import { type Address, BaseError, TimeoutError } from "viem";

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
  /** most blocks per step; halved while an endpoint rejects so many */
  readonly blocksPerRequest: bigint;
  readonly timeoutMs: number;
}

/**
 * Creates a source that reads the contracts' logs from several endpoints. One endpoint answers a
 * whole step. The step counts only if its blocks connect to the last known one, its logs belong to
 * them, the bloom filters show no missing log, and a second request (to another endpoint if there
 * is one) returns the same logs.
 */
export function createRpcChainSource(
  rpcUrls: readonly string[],
  contracts: readonly Address[],
  { confirmations, blocksPerRequest, timeoutMs }: ChainSourceOptions,
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
          const step = await readStep({ client, others, contracts }, from, tip.confirmed);
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

  async function readStep(
    deps: BlockReaderDeps,
    from: BlockPoint,
    confirmed: bigint,
  ): Promise<ChainStep> {
    for (;;) {
      const to = from.number + min(span, confirmed - from.number);
      try {
        // oxlint-disable-next-line no-await-in-loop -- retries with fewer blocks
        const step = await readBlocks(deps, from, to);
        // Doubles the span after each success, so that one busy stretch does not slow the rest
        // down.
        span = min(span * 2n, blocksPerRequest);
        return { ...step, isLast: to === confirmed };
      } catch (error) {
        const fewer = (to - from.number) / 2n;
        if (fewer === 0n || !(isTooLarge(error) || error instanceof TimeoutError)) throw error;
        span = fewer;
        // After a timeout the next endpoint is asked, instead of waiting for this one again.
        if (error instanceof TimeoutError) throw error;
      }
    }
  }
}

const TOO_LARGE = /too (many|large|big)|more than|exceed|limit|range|response size/i;
const TOO_OFTEN = /rate|429|throttl|too many requests|per second/i;

/** Whether a request for fewer blocks could succeed. Providers have no common error for this. */
function isTooLarge(error: unknown): boolean {
  if (error instanceof TimeoutError) return true;
  if (!(error instanceof BaseError)) return false;
  const text = `${error.shortMessage} ${error.details}`;
  return TOO_LARGE.test(text) && !TOO_OFTEN.test(text);
}
