import { Router } from "express";

import type { Health } from "@compute-credits/platform/process/health";
import { respond } from "../../http/respond.ts";

/**
 * `GET /healthz`: 200 while the process answers.
 * `GET /readyz`: 200 if the server can do its work, else 503 with the checks that failed. A check's
 * `warning` asks an operator to act in time, and leaves the server ready.
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
