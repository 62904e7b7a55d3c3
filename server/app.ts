import express, { type Express, Router } from "express";
import type { Logger } from "pino";

import { accountRoutes } from "./routes/accounts/accounts.ts";
import { allowanceRoutes } from "./routes/allowances/allowances.ts";
import { checkpointRoutes } from "./routes/checkpoints/checkpoints.ts";
import type { Context } from "./context.ts";
import { notFound, problemHandler } from "./http/errors.ts";
import { dynamicRateRoutes } from "./routes/pricing/dynamicRates.ts";
import { healthRoutes } from "./routes/health/health.ts";
import { holdRoutes } from "./routes/holds/holds.ts";
import { grantRoutes } from "./routes/allowances/grants.ts";
import { explainRoutes } from "./routes/insight/explain.ts";
import { insightRoutes } from "./routes/insight/insight.ts";
import { fail } from "./http/problem.ts";
import { priceRoutes } from "./routes/pricing/prices.ts";
import { providerRoutes } from "./routes/providers/providers.ts";
import { reportRoutes } from "./routes/insight/report.ts";
import { receiptRoutes } from "./routes/checkpoints/receipts.ts";
import { rateCardRoutes } from "./routes/pricing/rateCards.ts";
import { quoteRoutes } from "./routes/pricing/quotes.ts";
import { securityHeaders } from "./http/securityHeaders.ts";
import { serviceRoutes } from "./routes/accounts/deployment.ts";
import { usageLogRoutes } from "./routes/log/usageLog.ts";
import { usageRoutes } from "./routes/usage/usage.ts";
import type { Health } from "@compute-credits/platform/process/health";

/** JSON as such, and as CloudEvents name it. */
const JSON_TYPES = [
  "application/json",
  "application/cloudevents+json",
  "application/cloudevents-batch+json",
];

/** The HTTP API. */
export function createApp(context: Context, health: Health, log: Logger): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(securityHeaders);

  app.use("/v1", v1(context));
  app.use(healthRoutes(health));
  app.use(notFound);
  app.use(problemHandler(log));
  return app;
}

/** One router for all: what is mounted at a path by itself has its path looked at for every request. */
function v1(context: Context): Router {
  const router = Router();
  router.use(
    express.json({ limit: context.limits.maxBodyBytes, type: JSON_TYPES, strict: false }),
    (req, _res, next) => {
      const hasBody = req.method === "POST" || req.method === "PUT" || req.method === "PATCH";
      if (hasBody && req.body === undefined && req.is(JSON_TYPES) === false) {
        throw fail(415, "unsupported_media_type", `Send the body as ${JSON_TYPES.join(", ")}.`);
      }
      next();
    },
    // First, because it is asked most: routes are tried in their order.
    usageRoutes(context),
    serviceRoutes(context),
    accountRoutes(context),
    allowanceRoutes(context),
    grantRoutes(context),
    providerRoutes(context),
    receiptRoutes(context),
    rateCardRoutes(context),
    priceRoutes(context),
    dynamicRateRoutes(context),
    holdRoutes(context),
    quoteRoutes(context),
    checkpointRoutes(context),
    insightRoutes(context),
    explainRoutes(context),
    reportRoutes(context),
    usageLogRoutes(context),
  );
  return router;
}
