import type { ErrorRequestHandler, RequestHandler } from "express";
import type { Logger } from "pino";

import { type Problem, ProblemError, fail, problem } from "./problem.ts";
import { respondProblem } from "./respond.ts";

export const notFound: RequestHandler = (req) => {
  throw fail(
    404,
    "route_not_found",
    `This server has no route ${req.method} ${req.path}: check the method and the path.`,
  );
};

/** Answers every error with a problem document. Logs those that are not the client's mistake. */
export function problemHandler(log: Logger): ErrorRequestHandler {
  // Express recognises an error handler by its four parameters.
  return (error: unknown, req, res, _next) => {
    if (error instanceof ProblemError) {
      if (error.problem.status === 401) res.set("WWW-Authenticate", "Bearer");
      respondProblem(res, error.problem);
      return;
    }
    const unreadable = unreadableProblem(error);
    if (unreadable !== null) {
      respondProblem(res, unreadable);
      return;
    }
    log.error({ err: error, method: req.method, path: req.path }, "request failed");
    respondProblem(
      res,
      problem(
        500,
        "internal_error",
        "The server failed and applied nothing of this request. Send the same request again.",
      ),
    );
  };
}

/** Translates what body-parser and the router throw for a request that they cannot read. */
function unreadableProblem(error: unknown): Problem | null {
  if (!(error instanceof Error)) return null;
  const type = "type" in error ? error.type : undefined;
  const status = "status" in error && typeof error.status === "number" ? error.status : undefined;
  switch (type) {
    case "entity.parse.failed":
      return problem(400, "malformed_json", "The body is not JSON: check its syntax.");
    case "entity.too.large":
      return problem(
        413,
        "body_too_large",
        "The body is larger than this server accepts: send it in parts.",
      );
    default:
      return status !== undefined && status >= 400 && status < 500
        ? problem(
            status === 415 ? 415 : 400,
            "unreadable_request",
            "The request cannot be read: check its encoding, length and path.",
          )
        : null;
  }
}
