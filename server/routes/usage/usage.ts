import { type Request, type Response, Router } from "express";
import { z } from "zod";

import { EventIdField } from "@compute-credits/protocol/json/fields";
import { parse } from "../../http/parse.ts";
import { parseCloudEvent } from "./parseCloudEvent.ts";
import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { Caller } from "../../stores/providers/providerStore.ts";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import { asCaller, authenticatedProvider } from "../../http/authentication.ts";
import type { Context } from "../../context.ts";
import { type Problem, fail } from "../../http/problem.ts";
import { respond, respondProblem } from "../../http/respond.ts";
import { usageProblem } from "./usageProblem.ts";

/**
 * `POST /v1/usage`: a provider reports work, as one CloudEvent or as an array of them.
 *
 * One event: 201 debited, 200 debited before (the first outcome again), or the problem that refuses it.
 * An array: 200 with one outcome for each event, in order; only the bad ones are refused.
 *
 * `POST /v1/voids`: takes a debited event back, as long as no checkpoint holds it. 201; again 200 with the first outcome.
 */
export function usageRoutes(context: Context): Router {
  const router = Router();

  router.post("/usage", (req, res) => asCaller(req, context, (caller) => take(req, res, caller)));

  async function take(req: Request, res: Response, { provider, asOfRevocations }: Caller) {
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
      const parsed = inputs.map((input) => parseCloudEvent(input, provider, context.limits));
      const events: UsageEvent[] = parsed.flatMap((result) =>
        "event" in result ? [result.event] : [],
      );
      const decided = (await context.usage.record(events, asOfRevocations)).values();
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
  }

  router.post("/voids", async (req, res) => {
    const provider = await authenticatedProvider(req, context);
    const { eventId } = parse(VoidBody, req.body);
    const outcome = await context.usage.void({ provider, id: eventId });
    if (outcome.result === "voided") {
      respond(res, outcome.repeated ? 200 : 201, { eventId, ...outcome });
      return;
    }
    if (outcome.reason === "event_not_found") {
      throw fail(404, outcome.reason, "This provider has no debited event with this id.");
    }
    if (outcome.reason === "receipt_given") {
      throw fail(
        409,
        outcome.reason,
        "A receipt that this provider was given counts the event in: make good with an allowance of your own.",
      );
    }
    throw fail(
      409,
      outcome.reason,
      `Checkpoint ${outcome.epoch} holds the event already: make good with an allowance of your own.`,
      {
        epoch: outcome.epoch,
      },
    );
  });

  return router;
}

const VoidBody = z.strictObject({ eventId: EventIdField });

function refusedOutcome(id: string | null, problem: Problem) {
  return { id, result: "refused" as const, problem };
}

/** The id of an event that may be anything at all. */
function idOf(input: unknown): string | null {
  const isEvent = typeof input === "object" && input !== null && "id" in input;
  return isEvent && typeof input.id === "string" ? input.id.slice(0, 128) : null;
}
