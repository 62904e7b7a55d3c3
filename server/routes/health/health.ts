import { Router } from "express";

import type { Health } from "@compute-credits/platform/process/health";
import { respond } from "../../http/respond.ts";

/**
 * `GET /healthz`: 200 as long as the process answers. `GET /readyz`: 200 where it can do its work (the database answers
 * and the chain is being followed), 503 with what is wrong where it cannot. A
 * check's `warning` asks somebody to act in time; the server goes on with its work.
 */
export function healthRoutes(health: Health): Router {
  const router = Router();

  router.get("/healthz", (_req, res) => respond(res, 200, { status: "alive" }));

  router.get("/readyz", async (_req, res) => {
    const checks = await health.checks();
    const isReady = checks.every(({ error }) => error === null);
    respond(res, isReady ? 200 : 503, { status: isReady ? "ready" : "not ready", checks });
  });

  return router;
}
