import type { ErrorRequestHandler, RequestHandler } from "express";
import type { Logger } from "pino";

import { ProblemError, fail, problem } from "./problem.ts";
import { respondProblem } from "./respond.ts";

export const notFound: RequestHandler = (req) => {
  throw fail(404, "route_not_found", `There is no ${req.method} ${req.path} here.`);
};

/** Every error leaves as a problem document; only what is not the client's mistake is a 500, and is logged. */
export function problemHandler(log: Logger): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return (error: unknown, req, res, _next) => {
    if (error instanceof ProblemError) {
      if (error.problem.status === 401) res.set("WWW-Authenticate", "Bearer");
      respondProblem(res, error.problem);
      return;
    }
    const ofBody = bodyProblem(error);
    if (ofBody !== null) {
      respondProblem(res, ofBody);
      return;
    }
    log.error({ err: error, method: req.method, path: req.path }, "request failed");
    respondProblem(
      res,
      problem(
        500,
        "internal_error",
        "The server failed. Nothing of this request was applied; it is safe to send it again.",
      ),
    );
  };
}

/** What body-parser and the router throw for a request that cannot be read. */
function bodyProblem(error: unknown) {
  if (!(error instanceof Error)) return null;
  const type = "type" in error ? error.type : undefined;
  const status = "status" in error && typeof error.status === "number" ? error.status : undefined;
  switch (type) {
    case "entity.parse.failed":
      return problem(400, "malformed_json", "The body is not JSON.");
    case "entity.too.large":
      return problem(
        413,
        "body_too_large",
        "The body is larger than this server takes: send it in parts.",
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
