import { STATUS_CODES } from "node:http";

import type { Reason, StatusOf } from "./reasons.ts";

/** RFC 9457. `reason` is stable: programs branch on it; `detail` is for people and says what to do. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly reason: string;
  readonly detail: string;
  readonly [extension: string]: unknown;
}

/** Thrown by a route and answered by `problemHandler`: a client's mistake, never a bug. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly problem: Problem;

  constructor(document: Problem) {
    super(document.detail);
    this.problem = document;
  }
}

/** The table in reasons.ts says which reasons and statuses exist. */
export function problem<R extends Reason>(
  status: StatusOf<R>,
  reason: R,
  detail: string,
  extensions: Readonly<Record<string, unknown>> = {},
): Problem {
  return {
    type: `urn:compute-credits:problem:${reason}`,
    title: STATUS_CODES[status] ?? "Error",
    status,
    reason,
    detail,
    ...extensions,
  };
}

/** For `throw fail(…)`. */
export function fail<R extends Reason>(...args: Parameters<typeof problem<R>>): ProblemError {
  return new ProblemError(problem(...args));
}
