import { type RequestHandler, Router } from "express";

import type { Health, HealthScope } from "@compute-credits/platform/process/health";
import { respond, respondUncached } from "../../http/respond.ts";

/**
 * `GET /healthz`: 200 while the process answers.
 * `GET /readyz`: 200 if the server can do all its work, else 503 with the checks that failed.
 * `GET /readyz/metering`, for load balancers: 200 if debits may be taken.
 * `GET /readyz/chain`, for alarms: 200 if purchases are seen and checkpoints made.
 * A check's `warning` asks an operator to act in time, and leaves the server ready.
 */
export function healthRoutes(health: Health): Router {
  const router = Router();

  router.get("/healthz", (_req, res) => respond(res, 200, { status: "alive" }));
  router.get("/readyz", readiness(health, "all"));
  router.get("/readyz/metering", readiness(health, "metering"));
  router.get("/readyz/chain", readiness(health, "chain"));

  return router;
}

function readiness(health: Health, scope: HealthScope): RequestHandler {
  return async (_req, res) => {
    const checks = await health.checks(scope);
    const isReady = checks.every(({ error }) => error === null);
    res.set("cache-control", "no-store");
    // Strangers may ask often: without Express's ETag an answer costs half.
    respondUncached(res, isReady ? 200 : 503, { status: isReady ? "ready" : "not ready", checks });
  };
}
