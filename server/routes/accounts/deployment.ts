import { Router } from "express";

import { USAGE_EVENT_TYPE } from "../usage/parseCloudEvent.ts";
import { ALLOWANCE_TYPES } from "@compute-credits/protocol/messages/allowance";
import { CHECKPOINT_TYPES } from "@compute-credits/protocol/messages/checkpoint";
import { signingDomain } from "@compute-credits/protocol/messages/domain";
import type { Context } from "../../context.ts";
import { respond } from "../../http/respond.ts";

/** `GET /v1/deployment`: which contract this is, what is signed and how, and the limits. */
export function serviceRoutes({ chain, terms, limits, feeBps }: Context): Router {
  const router = Router();

  router.get("/deployment", (_req, res) => {
    respond(res, 200, {
      domain: signingDomain(chain.deployment),
      types: { ...ALLOWANCE_TYPES, ...CHECKPOINT_TYPES },
      terms,
      feeBps,
      usageEventType: USAGE_EVENT_TYPE,
      limits,
    });
  });

  return router;
}
