import { Router } from "express";

import { ANSWERS } from "@compute-credits/api/bounds";
import { getDuties } from "@compute-credits/api/insight/duties";
import type { ChainStore } from "@compute-credits/platform/chain/chainStore";
import { mount } from "../../http/mount.ts";
import type { Permit } from "../../http/permit.ts";
import type { DutyStore } from "../../stores/settlement/dutyStore.ts";

export interface DutyDeps {
  readonly duties: DutyStore;
  readonly chainStore: Pick<ChainStore, "chainTime">;
  /** from a refund request until anyone may freeze the vault for it */
  readonly refundWindowSeconds: number;
  readonly permit: Permit;
}

/** `GET /v1/duties`: what the operator has to pay or answer, and until when. */
export function dutyRoutes({ duties, chainStore, refundWindowSeconds, permit }: DutyDeps): Router {
  const router = Router();

  mount(router, getDuties, async ({ req, answer }) => {
    await permit.check(getDuties, req, {});
    const [open, asOf] = await Promise.all([
      duties.open(ANSWERS.listed.most),
      chainStore.chainTime(),
    ]);
    return answer(200, {
      asOf,
      refunds: open.refunds.map(({ account, requestedMicros, requestedAt }) => ({
        account,
        requestedMicros,
        requestedAt,
        dueAt: new Date(requestedAt.getTime() + refundWindowSeconds * 1_000),
      })),
      refundCount: open.refundCount,
      challenges: open.challenges.map(({ account, challenger, deadline }) => ({
        account,
        challenger,
        dueAt: deadline,
      })),
      challengeCount: open.challengeCount,
    });
  });

  return router;
}
