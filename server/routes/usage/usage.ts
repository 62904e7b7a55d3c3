import { Router } from "express";

import { reportUsage } from "@compute-credits/api/usage/usage";
import { asCaller } from "../../http/authentication.ts";
import { type Answer, type Call, mount } from "../../http/mount.ts";
import { fail } from "../../http/problem.ts";
import { respondProblem } from "../../http/respond.ts";
import type { Limits } from "../../limits.ts";
import type { Caller, ProviderStore } from "../../stores/providers/providerStore.ts";
import { readCloudEvents } from "./cloudEventModes.ts";
import { type ReportDeps, recordReport } from "./recordReport.ts";

export interface UsageDeps extends ReportDeps {
  readonly providers: Pick<ProviderStore, "cachedCaller" | "callerOfKey">;
  readonly limits: ReportDeps["limits"] & Pick<Limits, "maxBatchEvents">;
}

/** Parses each event by itself: a wrong one is an outcome of its own. */
export function usageRoutes(deps: UsageDeps): Router {
  const router = Router();
  mount(router, reportUsage, (call) =>
    asCaller(call.req, deps.providers, (caller) => takeReport(deps, caller, call)),
  );
  return router;
}

async function takeReport(
  deps: UsageDeps,
  caller: Caller,
  { req, res, answer }: Call<typeof reportUsage>,
): Promise<Answer> {
  const body = readCloudEvents(req);
  if (!Array.isArray(body)) {
    const [outcome] = await recordReport(deps, caller, [body]);
    if (outcome === undefined) throw new Error("one event has one outcome");
    if (!("problem" in outcome)) return answer(outcome.repeated ? 200 : 201, outcome);
    respondProblem(res, outcome.problem);
    return null;
  }

  const { maxBatchEvents } = deps.limits;
  if (body.length > maxBatchEvents) {
    throw fail(
      413,
      "batch_too_large",
      `The batch has more than ${maxBatchEvents} events: send it in parts.`,
      { maxBatchEvents },
    );
  }
  const outcomes = await recordReport(deps, caller, body);
  const refused = outcomes.filter((outcome) => "problem" in outcome).length;
  return answer(200, { outcomes, debited: outcomes.length - refused, refused });
}
