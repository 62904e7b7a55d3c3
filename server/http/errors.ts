import type { ErrorRequestHandler, RequestHandler } from "express";
import type { Logger } from "pino";

import { ChainUnavailable, TooManyChainCalls } from "@compute-credits/platform/chain/boundedCalls";
import { TooManySignatureChecks } from "@compute-credits/platform/chain/keyChecks";
import { ReadTimedOut, TooManyReads } from "@compute-credits/platform/postgres/boundedReads";
import { DatabaseUnavailable } from "@compute-credits/platform/postgres/databaseUnavailable";
import { PROVIDER_BOUNDS, ProviderBoundReached } from "../stores/providers/providerBounds.ts";
import { LeaseLost } from "../stores/idempotency/idempotencyStore.ts";
import { IN_FLIGHT_RETRY_SECONDS, inFlight } from "./idempotency.ts";
import { OUTAGE_RETRY_AFTER_SECONDS, outageProblem, unexpectedProblem } from "./outageProblem.ts";
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
    if (error instanceof ProviderBoundReached) {
      respondProblem(res, boundProblem(error));
      return;
    }
    if (error instanceof LeaseLost) {
      res.set("Retry-After", `${IN_FLIGHT_RETRY_SECONDS}`);
      respondProblem(res, inFlight().problem);
      return;
    }
    const busy = busyProblem(error);
    if (busy !== null) {
      res.set("Retry-After", `${RETRY_AFTER_SECONDS}`);
      respondProblem(res, busy);
      return;
    }
    if (error instanceof DatabaseUnavailable) {
      log.warn({ err: error, method: req.method, path: req.path }, "the database is unavailable");
      res.set("Retry-After", `${OUTAGE_RETRY_AFTER_SECONDS}`);
      respondProblem(res, outageProblem(error));
      return;
    }
    const unreadable = unreadableProblem(error);
    if (unreadable !== null) {
      respondProblem(res, unreadable);
      return;
    }
    log.error({ err: error, method: req.method, path: req.path }, "request failed");
    respondProblem(res, unexpectedProblem());
  };
}

function boundProblem({ bound }: ProviderBoundReached): Problem {
  const { most, of } = PROVIDER_BOUNDS[bound];
  return problem(
    429,
    "provider_bound_reached",
    `A provider has at most ${most} ${of}. Nothing was stored: use what there is, or wait a day.`,
    { bound, limit: most },
  );
}

/** Reads and calls take milliseconds, or they are of those that are refused. */
const RETRY_AFTER_SECONDS = 1;

/** Translates the refusals of the bounds around the database's reads and the chain's calls. */
function busyProblem(error: unknown): Problem | null {
  if (error instanceof TooManyReads) {
    return problem(
      503,
      "too_many_reads",
      "The server has more long requests than it allows at one time. " +
        "Send the same request again.",
    );
  }
  if (error instanceof ReadTimedOut) {
    return problem(
      503,
      "read_timed_out",
      "The database took too long for this answer. Ask for a shorter range or a smaller page.",
    );
  }
  if (error instanceof TooManySignatureChecks) {
    return problem(
      503,
      "too_many_signature_checks",
      "The server has more signatures to check than it allows at one time. " +
        "Send the same request again.",
    );
  }
  if (error instanceof TooManyChainCalls) {
    return problem(
      503,
      "too_many_chain_calls",
      "The server has more to ask the chain than it allows at one time. " +
        "Send the same request again.",
    );
  }
  if (error instanceof ChainUnavailable) {
    return problem(
      503,
      "chain_unavailable",
      "The chain's endpoint did not answer. Send the same request again.",
    );
  }
  return null;
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
