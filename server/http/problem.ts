import { STATUS_CODES } from "node:http";

import { problemType } from "@compute-credits/api/problems/problemType";
import type { Reason, StatusOf } from "@compute-credits/api/problems/reasons";

/** A problem document (RFC 9457). Programs branch on `reason`; `detail` tells people what to do. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly reason: string;
  readonly detail: string;
  readonly [extension: string]: unknown;
}

/** A refusal that a route throws and `problemHandler` answers. It is never a bug of the server. */
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
    type: problemType(reason),
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
