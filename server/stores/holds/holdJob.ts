import type { HoldRequest } from "@compute-credits/rules/holds/authorize";
import type {
  AuthorizeOutcome,
  CaptureOutcome,
  CaptureRequest,
  HoldKey,
  ReleaseOutcome,
} from "@compute-credits/rules/holds/outcome";
import type { Job } from "../commitQueue.ts";

/** A request that waits for its commit. */
export type HoldJob = AuthorizeJob | CaptureJob | EndJob;

interface AskedJob extends Job {
  /** the count of revocations that the caller's key was checked at; `undefined` if just now */
  readonly asOfRevocations: bigint | undefined;
}

export interface AuthorizeJob extends AskedJob {
  readonly kind: "authorize";
  readonly request: HoldRequest;
  /** an allowance may pay this provider, as a snapshot showed */
  readonly mayHold: boolean;
  readonly resolve: (outcome: AuthorizeOutcome) => void;
}

export interface CaptureJob extends AskedJob {
  readonly kind: "capture";
  readonly request: CaptureRequest;
  readonly resolve: (outcome: CaptureOutcome) => void;
}

export interface EndJob extends AskedJob {
  readonly kind: "end";
  readonly request: HoldKey;
  readonly as: "released" | "expired";
  /** `null` if there was nothing to expire */
  readonly resolve: (outcome: ReleaseOutcome | null) => void;
}

/** Jobs by kind, each in the order of their arrival. */
export interface HoldJobs {
  readonly authorize: readonly AuthorizeJob[];
  readonly capture: readonly CaptureJob[];
  readonly end: readonly EndJob[];
}

export function byKind(jobs: readonly HoldJob[]): HoldJobs {
  return {
    authorize: jobs.filter((job) => job.kind === "authorize"),
    capture: jobs.filter((job) => job.kind === "capture"),
    end: jobs.filter((job) => job.kind === "end"),
  };
}

/**
 * Splits off the jobs that a transaction cannot decide together: a second request with the same
 * hold id, or a second capture with the same event id, is a repetition or a conflict, which shows
 * once the first is committed.
 */
export function splitRepetitions(jobs: readonly HoldJob[]): {
  readonly first: readonly HoldJob[];
  readonly later: readonly HoldJob[];
} {
  const seen = new Set<string>();
  const first: HoldJob[] = [];
  const later: HoldJob[] = [];
  for (const job of jobs) {
    const key = idOf(job);
    if (key !== null && seen.has(key)) later.push(job);
    else first.push(job);
    if (key !== null) seen.add(key);
  }
  return { first, later };
}

/** The id that the job takes, if it succeeds. */
function idOf(job: HoldJob): string | null {
  const { provider } = job.request;
  switch (job.kind) {
    case "authorize":
      return `hold ${provider}/${job.request.id}`;
    case "capture":
      return `event ${provider}/${job.request.eventId}`;
    case "end":
      return null;
    default:
      return job satisfies never;
  }
}
