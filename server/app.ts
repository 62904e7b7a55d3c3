import express, { type Express, Router } from "express";
import type { Logger } from "pino";

import { accountRoutes } from "./routes/accounts.ts";
import { allowanceRoutes } from "./routes/allowances.ts";
import { checkpointRoutes } from "./routes/checkpoints.ts";
import type { Context } from "./routes/context.ts";
import { notFound, problemHandler } from "./routes/errors.ts";
import { dynamicRateRoutes } from "./routes/dynamicRates.ts";
import { healthRoutes } from "./routes/health.ts";
import { holdRoutes } from "./routes/holds.ts";
import { grantRoutes } from "./routes/grants.ts";
import { explainRoutes } from "./routes/explain.ts";
import { insightRoutes } from "./routes/insight.ts";
import { fail } from "./routes/problem.ts";
import { priceRoutes } from "./routes/prices.ts";
import { providerRoutes } from "./routes/providers.ts";
import { reportRoutes } from "./routes/report.ts";
import { receiptRoutes } from "./routes/receipts.ts";
import { rateCardRoutes } from "./routes/rateCards.ts";
import { quoteRoutes } from "./routes/quotes.ts";
import { securityHeaders } from "./routes/securityHeaders.ts";
import { serviceRoutes } from "./routes/service.ts";
import { usageLogRoutes } from "./routes/usageLog.ts";
import { usageRoutes } from "./routes/usage.ts";
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
