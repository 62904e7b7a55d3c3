import type { Logger } from "pino";

import { ReorgBeyondConfirmations } from "@compute-credits/rules/chain/reorgBeyondConfirmations";
import { indexNextBlocks } from "@compute-credits/platform/chain/indexer";
import { type Loop, startLoop } from "@compute-credits/platform/process/loop";
import type { Context } from "../context.ts";
import type { ChainSource } from "@compute-credits/platform/chain/chainSource";
import type { Config } from "../config.ts";
import { WorkerHealth } from "@compute-credits/platform/process/health";

export interface Reporting {
  readonly workers: WorkerHealth;
  readonly log: Logger;
}

export function indexerLoop(
  { pollMs }: Config,
  source: ChainSource,
  { chainStore }: Context,
  { workers, log, fail }: Reporting & { fail: (reason: Error) => void },
): Loop {
  return startLoop(
    async () => {
      const left = await indexNextBlocks(source, chainStore);
      workers.succeeded("indexer");
      return left;
    },
    {
      pauseMs: pollMs,
      onError(error) {
        workers.failed("indexer", error);
        log.error({ err: error }, "the chain could not be followed");
        if (error instanceof ReorgBeyondConfirmations) fail(error);
      },
    },
  );
}

/** Often enough that a leaked hold is free within a second of its end. */
export const EXPIRY_PAUSE_MS = 500;

export const EXPIRIES_PER_STEP = 500;

export function expiryLoop({ holds }: Context, { workers, log }: Reporting): Loop {
  return startLoop(
    async () => {
      const found = await holds.expireDue(EXPIRIES_PER_STEP);
      workers.succeeded("expiry");
      return found === EXPIRIES_PER_STEP ? "more" : "done";
    },
    {
      pauseMs: EXPIRY_PAUSE_MS,
      onError(error) {
        workers.failed("expiry", error);
        log.error({ err: error }, "holds that are over could not be freed; it will be tried again");
      },
    },
  );
}
