import { Router } from "express";

import { voidEvent } from "@compute-credits/api/usage/voids";
import { authenticatedProvider } from "../../http/authentication.ts";
import { mount } from "../../http/mount.ts";
import { type Problem, problem, ProblemError } from "../../http/problem.ts";
import type { ProviderStore } from "../../stores/providers/providerStore.ts";
import type { UsageLedger, VoidOutcome } from "../../stores/usage/usageLedger.ts";

export interface VoidDeps {
  readonly usage: Pick<UsageLedger, "void">;
  readonly providers: Pick<ProviderStore, "callerOfKey">;
}

export function voidRoutes({ usage, providers }: VoidDeps): Router {
  const router = Router();

  mount(router, voidEvent, async ({ req, read, answer }) => {
    const provider = await authenticatedProvider(req, providers);
    const { eventId } = read().body;
    const outcome = await usage.void({ provider, id: eventId });
    if (outcome.result === "refused") throw new ProblemError(voidProblem(outcome));
    return answer(outcome.repeated ? 200 : 201, { eventId, ...outcome });
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
