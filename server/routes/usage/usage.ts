import { type Request, type Response, Router } from "express";

import { asCaller } from "../../http/authentication.ts";
import { fail } from "../../http/problem.ts";
import { respond, respondProblem } from "../../http/respond.ts";
import type { Limits } from "../../limits.ts";
import type { Caller, ProviderStore } from "../../stores/providers/providerStore.ts";
import { readCloudEvents } from "./cloudEventModes.ts";
import { type ReportDeps, reportUsage } from "./reportUsage.ts";

export interface UsageDeps extends ReportDeps {
  readonly providers: Pick<ProviderStore, "cachedCaller" | "callerOfKey">;
  readonly limits: ReportDeps["limits"] & Pick<Limits, "maxBatchEvents">;
}

/**
 * `POST /v1/usage`, with the provider's key: one CloudEvent that reports work, or an array of them,
 * in structured, batched or binary mode.
 * One event: 201 if it is debited, 200 with the first outcome if it was before, or its problem.
 * An array: 200 with one outcome each, in order; a refused event does not stop the others.
 */
export function usageRoutes(deps: UsageDeps): Router {
  const router = Router();
  router.post("/usage", (req, res) =>
    asCaller(req, deps.providers, (caller) => takeReport(deps, caller, req, res)),
  );
  return router;
}

async function takeReport(
  deps: UsageDeps,
  caller: Caller,
  req: Request,
  res: Response,
): Promise<void> {
  const body = readCloudEvents(req);
  if (!Array.isArray(body)) {
    const [outcome] = await reportUsage(deps, caller, [body]);
    if (outcome === undefined) throw new Error("one event has one outcome");
    if ("problem" in outcome) respondProblem(res, outcome.problem);
    else respond(res, outcome.repeated ? 200 : 201, outcome);
    return;
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
  const outcomes = await reportUsage(deps, caller, body);
  const refused = outcomes.filter((outcome) => "problem" in outcome).length;
  respond(res, 200, { outcomes, debited: outcomes.length - refused, refused });
}
