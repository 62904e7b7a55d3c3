import { setTimeout as delay } from "node:timers/promises";

export interface Loop {
  /** Resolves when the step under way has ended; none begins after. */
  stop(): Promise<void>;
}

export interface LoopOptions {
  readonly pauseMs: number;
  /** A step that throws is told here; the loop goes on, unless this ends it. */
  readonly onError: (error: unknown) => void;
}

/**
 * Runs `step` again and again until it is stopped, with a pause between two runs: none where the step says that it left
 * work undone.
 */
export function startLoop(
  step: () => Promise<"done" | "more">,
  { pauseMs, onError }: LoopOptions,
): Loop {
  const stopping = new AbortController();
  const { signal } = stopping;

  async function run(): Promise<void> {
    while (!signal.aborted) {
      // oxlint-disable-next-line no-await-in-loop -- one step after the other is the point
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
