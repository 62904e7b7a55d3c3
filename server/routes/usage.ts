import { Router } from "express";

import type { UsageOutcome } from "../domain/usage/outcome.ts";
import type { UsageEvent } from "../domain/usage/usageEvent.ts";
import { authenticatedProvider } from "./authentication.ts";
import { parseCloudEvent } from "./cloudEvent.ts";
import type { Context } from "./context.ts";
import { type Problem, fail } from "./problem.ts";
import { respond, respondProblem } from "./respond.ts";
import { usageProblem } from "./usageProblem.ts";

/**
 * `POST /v1/usage`: a provider reports work, as one CloudEvent or as an array of them.
 *
 * One event: 201 debited, 200 debited before (the first outcome again), or the problem that refuses it.
 * An array: 200 with one outcome for each event, in order; only the bad ones are refused.
 */
export function usageRoutes(context: Context): Router {
  const router = Router();

  router.post("/usage", async (req, res) => {
    const provider = await authenticatedProvider(req, context);
    const body: unknown = req.body;

    if (!Array.isArray(body)) {
      const [reported] = await report([body]);
      if (reported === undefined) throw new Error("one event has one outcome");
      if ("problem" in reported) respondProblem(res, reported.problem);
      else respond(res, reported.repeated ? 200 : 201, reported);
      return;
    }

    const { maxBatchEvents } = context.limits;
    if (body.length > maxBatchEvents) {
      throw fail(
        413,
        "batch_too_large",
        `A batch has at most ${maxBatchEvents} events: send it in parts.`,
        {
          maxBatchEvents,
        },
      );
    }
    const outcomes = await report(body);
    respond(res, 200, {
      outcomes,
      debited: outcomes.filter((outcome) => !("problem" in outcome)).length,
      refused: outcomes.filter((outcome) => "problem" in outcome).length,
    });

    async function report(inputs: readonly unknown[]) {
      const parsed = inputs.map((input) => parseCloudEvent(input, provider));
      const events: UsageEvent[] = parsed.flatMap((result) =>
        "event" in result ? [result.event] : [],
      );
      const decided = (await context.usage.record(events)).values();
      return parsed.map((result, index) => {
        if ("problem" in result) return refusedOutcome(idOf(inputs[index]), result.problem);
        const { value: outcome } = decided.next();
        if (outcome === undefined) throw new Error("every event has an outcome");
        return describe(result.event.id, outcome);
      });
    }

    function describe(id: string, outcome: UsageOutcome) {
      if (outcome.result === "refused") {
        return refusedOutcome(id, usageProblem(outcome.refusal, context.chain.deployment));
      }
      return { id, ...outcome };
    }
  });

  return router;
}

function refusedOutcome(id: string | null, problem: Problem) {
  return { id, result: "refused" as const, problem };
}

/** The id of an event that may be anything at all. */
function idOf(input: unknown): string | null {
  const isEvent = typeof input === "object" && input !== null && "id" in input;
  return isEvent && typeof input.id === "string" ? input.id.slice(0, 128) : null;
}
