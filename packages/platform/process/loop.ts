import { setTimeout as delay } from "node:timers/promises";

export interface Loop {
  /** Starts no further step. Resolves when the step under way has ended. */
  stop(): Promise<void>;
}

export interface LoopOptions {
  readonly pauseMs: number;
  /** Receives what a step throws. The loop goes on after the pause. */
  readonly onError: (error: unknown) => void;
}

/**
 * Repeats `step` until it is stopped, one run at a time. Pauses after each run, except after one
 * that returns `more` because it left work undone.
 */
export function startLoop(
  step: () => Promise<"done" | "more">,
  { pauseMs, onError }: LoopOptions,
): Loop {
  const stopping = new AbortController();
  const { signal } = stopping;

  async function run(): Promise<void> {
    while (!signal.aborted) {
      // oxlint-disable-next-line no-await-in-loop -- steps run one after the other
      const left = await step().catch(onError);
      // oxlint-disable-next-line no-await-in-loop
      if (left !== "more") await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
