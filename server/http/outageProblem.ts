import type { DatabaseUnavailable } from "@compute-credits/platform/postgres/databaseUnavailable";
import { hasSentWrites } from "@compute-credits/platform/postgres/sentWrites";
import { type Problem, problem } from "./problem.ts";

/** Longer than the limits of the database's sessions need to end what a frozen process holds. */
export const OUTAGE_RETRY_AFTER_SECONDS = 5;

/**
 * Translates an outage of the database. Says that nothing was applied only if no commit of the
 * request can have reached the database.
 */
export function outageProblem(error: DatabaseUnavailable): Problem {
  const why = `The database ${whatIsWrong(error.code)}.`;
  if (error.outcome === "unknown" || hasSentWrites()) {
    return problem(503, "outcome_unknown", `${why} ${UNKNOWN}`);
  }
  return problem(
    503,
    "database_unavailable",
    `${why} Nothing of this request was applied. Send the same request again.`,
  );
}

/** Translates an error that no route expects, which is a bug. */
export function unexpectedProblem(): Problem {
  const known = "Nothing of this request was applied. Send the same request again.";
  return problem(500, "internal_error", `The server failed. ${hasSentWrites() ? UNKNOWN : known}`);
}

const UNKNOWN =
  "This request, or a part of it, may have been applied. Send the same request again, with the " +
  "same ids: what was applied is answered, and not applied twice.";

function whatIsWrong(code = ""): string {
  if (code === "25006") return "only reads now";
  if (code.startsWith("53")) return "lacks space, memory or connections";
  if (code === "55P03" || code === "57014") return "took too long";
  return "does not answer";
}
