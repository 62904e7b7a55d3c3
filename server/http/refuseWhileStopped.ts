import type { RequestHandler } from "express";

import type { MeteringGate } from "../meteringGate.ts";
import { fail } from "./problem.ts";

/** How soon a client may ask again. An operator's work takes longer, a database's restart does not. */
const RETRY_AFTER_SECONDS = 5;

/**
 * Answers 503 to every request that changes something while metering is stopped. Reads go on: they
 * show what the ledger has. Comes before the body is read, so a refused request changed nothing.
 */
export function refuseWhileStopped(gate: MeteringGate): RequestHandler {
  return (req, res, next) => {
    const { stopped } = gate;
    if (stopped === null || req.method === "GET" || req.method === "HEAD") {
      next();
      return;
    }
    res.set("Retry-After", `${RETRY_AFTER_SECONDS}`);
    throw fail(
      503,
      "metering_stopped",
      `Nothing of this request was applied: ${stopped.message}. Send the same request again later.`,
      { cause: stopped.cause },
    );
  };
}
