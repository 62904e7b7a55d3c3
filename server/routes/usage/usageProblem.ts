import type { Deployment } from "@compute-credits/protocol/messages/domain";
import type { UsageRefusal } from "@compute-credits/rules/usage/outcome";
import { chargeProblem } from "../../http/chargeProblem.ts";
import { type Problem, problem } from "../../http/problem.ts";

/** The problem document of a refused event. */
export function usageProblem(refusal: UsageRefusal, deployment: Deployment): Problem {
  switch (refusal.reason) {
    case "event_id_conflict":
      return problem(
        409,
        refusal.reason,
        "This provider has already reported another event with this id. Nothing was charged again; give every event an id of its own.",
      );
    case "event_too_old":
      return problem(
        422,
        refusal.reason,
        `The event is older than ${refusal.limitSeconds} seconds, after which none is taken.`,
        { maxEventAgeSeconds: refusal.limitSeconds },
      );
    case "event_in_future":
      return problem(
        422,
        refusal.reason,
        `The event is dated more than ${refusal.limitSeconds} seconds ahead of the ledger's clock: set yours.`,
        { maxEventAheadSeconds: refusal.limitSeconds },
      );
    default:
      return chargeProblem(refusal, deployment);
  }
}
