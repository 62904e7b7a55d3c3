import type { Hex } from "viem";

import type { HoldRequest } from "@compute-credits/rules/holds/authorize";
import type {
  AuthorizeOutcome,
  CaptureOutcome,
  ExtendOutcome,
  ReleaseOutcome,
} from "@compute-credits/rules/holds/outcome";
import {
  type CaptureRequest,
  type ExtendRequest,
  type HoldKey,
  lineCapturesOf,
} from "@compute-credits/rules/holds/requests";
import type { Job } from "../commitQueue.ts";

/** A request that waits for its commit. */
export type HoldJob = AuthorizeJob | CaptureJob | EndJob | ExtendJob;

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

export interface ExtendJob extends AskedJob {
  readonly kind: "extend";
  /** with the hold's spender, whose allowances must pay for what is added */
  readonly request: ExtendRequest & { readonly spender: Hex };
  readonly resolve: (outcome: ExtendOutcome) => void;
}

/** Jobs by kind, each in the order of their arrival. */
export interface HoldJobs {
  readonly authorize: readonly AuthorizeJob[];
  readonly capture: readonly CaptureJob[];
  readonly end: readonly EndJob[];
  readonly extend: readonly ExtendJob[];
}

export function byKind(jobs: readonly HoldJob[]): HoldJobs {
  return {
    authorize: jobs.filter((job) => job.kind === "authorize"),
    capture: jobs.filter((job) => job.kind === "capture"),
    end: jobs.filter((job) => job.kind === "end"),
    extend: jobs.filter((job) => job.kind === "extend"),
  };
}

/** The jobs whose holds may get credits that an allowance of their spender pays. */
export function reserving({ authorize, extend }: HoldJobs): readonly (AuthorizeJob | ExtendJob)[] {
  return extend.length === 0 ? authorize : [...authorize, ...extend];
}

/** The ids of the usage events that a job records; none if it is no capture. */
export function eventIdsOf(job: HoldJob): readonly string[] {
  return job.kind === "capture"
    ? lineCapturesOf(job.request).map(({ eventId }) => eventId)
    : NO_EVENTS;
}

const NO_EVENTS: readonly string[] = [];

/** A job with one of the event ids that it names; `null` if it names none. */
export interface NamedEvent {
  readonly job: HoldJob;
  readonly eventId: string | null;
}

/** A row for each event id of each job, and one for a job without any. */
export function namedEvents(jobs: readonly HoldJob[]): readonly NamedEvent[] {
  return jobs.flatMap((job): NamedEvent | NamedEvent[] => {
    const ids = eventIdsOf(job);
    return ids.length === 0 ? { job, eventId: null } : ids.map((eventId) => ({ job, eventId }));
  });
}

/**
 * Splits off the jobs that a transaction cannot decide together: a second request with the same
 * hold id, a second capture with the same event id, or a second extension with the same id, is a
 * repetition or a conflict, which shows once the first is committed.
 */
export function splitRepetitions(jobs: readonly HoldJob[]): {
  readonly first: readonly HoldJob[];
  readonly later: readonly HoldJob[];
} {
  const seen = new Set<string>();
  const first: HoldJob[] = [];
  const later: HoldJob[] = [];
  for (const job of jobs) {
    const keys = idsOf(job);
    if (keys.some((key) => seen.has(key))) later.push(job);
    else first.push(job);
    for (const key of keys) seen.add(key);
  }
  return { first, later };
}

/** The ids that the job takes, if it succeeds. */
function idsOf(job: HoldJob): readonly string[] {
  const { provider, id } = job.request;
  switch (job.kind) {
    case "authorize":
      return [`hold ${provider}/${id}`];
    case "capture":
      return eventIdsOf(job).map((eventId) => `event ${provider}/${eventId}`);
    case "extend":
      return [`extension ${provider}/${JSON.stringify([id, job.request.extensionId])}`];
    case "end":
      return NO_EVENTS;
    default:
      return job satisfies never;
  }
}
