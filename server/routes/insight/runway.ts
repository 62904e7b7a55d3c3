import { Router } from "express";

import { refundFromHolds } from "@compute-credits/rules/accounts/refundRequest";
import { getRunway } from "@compute-credits/api/insight/runway";
import { available } from "@compute-credits/rules/accounts/account";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import { budgetUse } from "@compute-credits/rules/insight/budgetUse";
import { BURN_WINDOWS, burnMicrosPerHour } from "@compute-credits/rules/insight/burn";
import { runway } from "@compute-credits/rules/insight/runway";
import { ANSWERS } from "@compute-credits/api/bounds";
import { mount } from "../../http/mount.ts";
import type { Permit } from "../../http/permit.ts";
import type { InsightStore, SpendingOutlook } from "../../stores/insight/insightStore.ts";

export interface RunwayDeps {
  readonly insight: Pick<InsightStore, "outlook">;
  readonly permit: Permit;
}

export function runwayRoutes({ insight, permit }: RunwayDeps): Router {
  const router = Router();

  mount(router, getRunway, async ({ req, read, answer }) => {
    const { address } = read().params;
    await permit.check(getRunway, req, { account: address });
    const outlook = await insight.outlook(address, BURN_WINDOWS);
    const { now, windows } = outlook;
    return answer(200, {
      account: address,
      asOf: now,
      windows: windows.map((window) => ({
        ...window,
        burnMicrosPerHour: burnMicrosPerHour(window),
        runway: runway(outlook, window),
      })),
      reckonedWith: describeInputs(outlook),
    });
  });

  return router;
}

/** What the runway was computed from, so that a reader can compute it again. */
function describeInputs({ now, account, allowances, holds }: SpendingOutlook) {
  return {
    availableMicros: available(account),
    spentMicros: account.spent,
    heldMicros: account.held,
    refundWaitingMicros: refundFromHolds(account),
    holds: holds.slice(0, ANSWERS.listed.most).map(({ allowance, heldMicros, expiresAt }) => ({
      allowance,
      heldMicros,
      backAt: expiresAt,
    })),
    holdCount: holds.length,
    allowances: allowances
      .slice(0, ANSWERS.listed.most)
      .map((allowance) => describeBound(allowance, { now, counter: account.counter })),
    allowanceCount: allowances.length,
  };
}

function describeBound(
  allowance: Allowance,
  { now, counter }: { readonly now: Date; readonly counter: bigint },
) {
  const { id, message } = allowance;
  const use = budgetUse(allowance, { now, counter, spent24hMicros: 0n });
  return {
    id,
    spender: message.spender,
    remainingMicros: use.remainingMicros,
    limitMicros: message.limit,
    rolloverMicros: message.rollover,
    periodEndsAt: use.periodEndsAt,
    startsAt: message.startsAt,
    expiresAt: message.expiresAt,
    accountCapMicros: message.accountCap,
  };
}
