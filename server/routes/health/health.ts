import { type Response, Router } from "express";

import type { Health, HealthScope } from "@compute-credits/platform/process/health";
import {
  getChainReadiness,
  getLiveness,
  getMeteringReadiness,
  getReadiness,
} from "@compute-credits/api/deployment/health";
import { mount } from "../../http/mount.ts";
import { respondUncached } from "../../http/respond.ts";

/** A check's `warning` asks an operator to act in time, and leaves the server ready. */
export function healthRoutes(health: Health): Router {
  const router = Router();

  mount(router, getLiveness, ({ answer }) => answer(200, { status: "alive" }));
  mount(router, getReadiness, ({ res }) => tellReadiness(res, health, "all"));
  mount(router, getMeteringReadiness, ({ res }) => tellReadiness(res, health, "metering"));
  mount(router, getChainReadiness, ({ res }) => tellReadiness(res, health, "chain"));

  return router;
}

async function tellReadiness(res: Response, health: Health, scope: HealthScope): Promise<null> {
  const checks = await health.checks(scope);
  const isReady = checks.every(({ error }) => error === null);
  res.set("cache-control", "no-store");
  // Strangers may ask often: without Express's ETag an answer costs half.
  respondUncached(res, isReady ? 200 : 503, { status: isReady ? "ready" : "not ready", checks });
  return null;
}
