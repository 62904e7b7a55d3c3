import type { WorkerTerms } from "@compute-credits/platform/process/health";

/** A step that the server repeats, and what it reports. */
export interface Worker extends WorkerTerms {
  /** its name in /readyz */
  readonly name: string;
  readonly pauseMs: number;
  readonly step: () => Promise<"done" | "more">;
  /** what the log says when a step throws; the worker goes on after the pause */
  readonly failure: string;
  readonly onError?: (error: unknown) => void;
  /** runs once, after the last step */
  readonly onStop?: () => Promise<void>;
}
