import { Router } from "express";

import { listOpenHolds } from "@compute-credits/api/holds/openHolds";
import { mount } from "../../http/mount.ts";
import type { Permit } from "../../http/permit.ts";
import type { InsightStore } from "../../stores/insight/insightStore.ts";

export interface OpenHoldDeps {
  readonly insight: Pick<InsightStore, "openHolds">;
  readonly permit: Permit;
}

/** `GET /v1/providers/:address/holds`: what a provider holds now, and until when. */
export function openHoldRoutes({ insight, permit }: OpenHoldDeps): Router {
  const router = Router();

  mount(router, listOpenHolds, async ({ req, read, answer }) => {
    const { address: provider } = read().params;
    await permit.check(listOpenHolds, req, { provider });
    const { now, holds, isAll } = await insight.openHolds(provider, read().query.limit);
    return answer(200, { provider, asOf: now, holds: [...holds], isAll });
  });

  return router;
}
