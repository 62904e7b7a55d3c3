import { Router } from "express";
import { z } from "zod";

import { EventIdField } from "@compute-credits/protocol/json/fields";
import { authenticatedProvider } from "../../http/authentication.ts";
import { parse } from "../../http/parse.ts";
import { type Problem, problem, ProblemError } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";
import type { ProviderStore } from "../../stores/providers/providerStore.ts";
import type { UsageLedger, VoidOutcome } from "../../stores/usage/usageLedger.ts";

const VoidBody = z.strictObject({ eventId: EventIdField });

export interface VoidDeps {
  readonly usage: Pick<UsageLedger, "void">;
  readonly providers: Pick<ProviderStore, "callerOfKey">;
}

/**
 * `POST /v1/voids`, with the provider's key: 201; gives back what a debited event cost, until a
 * checkpoint or a receipt counts the event. 200 with the first outcome if it is sent again.
 */
export function voidRoutes({ usage, providers }: VoidDeps): Router {
  const router = Router();

  router.post("/voids", async (req, res) => {
    const provider = await authenticatedProvider(req, providers);
    const { eventId } = parse(VoidBody, req.body);
    const outcome = await usage.void({ provider, id: eventId });
    if (outcome.result === "refused") throw new ProblemError(voidProblem(outcome));
    respond(res, outcome.repeated ? 200 : 201, { eventId, ...outcome });
  });

  return router;
}

/** Maps each refusal to void an event to its problem document. */
function voidProblem(refusal: Extract<VoidOutcome, { result: "refused" }>): Problem {
  switch (refusal.reason) {
    case "event_not_found":
      return problem(
        404,
        refusal.reason,
        "This provider has no debited event with this id. Check the id.",
      );
    case "receipt_given":
      return problem(
        409,
        refusal.reason,
        "A receipt of earnings counts the event. Repay the account with an allowance of your own.",
      );
    case "written_off":
      return problem(
        409,
        refusal.reason,
        "The operator has taken the event's cost over, because its payer can no longer be charged. " +
          "Repay with an allowance of your own.",
      );
    case "already_settled":
      return problem(
        409,
        refusal.reason,
        `Checkpoint ${refusal.epoch} holds the event. ` +
          "Repay the account with an allowance of your own.",
        { epoch: refusal.epoch },
      );
    default:
      return refusal satisfies never;
  }
}
