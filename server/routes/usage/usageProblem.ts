import type { UsageRefusal } from "@compute-credits/rules/usage/outcome";
import { chargeProblem } from "../../http/chargeProblem.ts";
import { type Problem, problem } from "../../http/problem.ts";
import type { Sale } from "../../http/sale.ts";

/** Maps each refusal of a usage event to its problem document. */
export function usageProblem(refusal: UsageRefusal, sale: Sale): Problem {
  switch (refusal.reason) {
    case "event_id_conflict":
      return eventIdConflict();
    case "group_refused":
      return groupRefused(refusal.id);
    case "event_too_old":
      return problem(
        422,
        refusal.reason,
        `The event is older than ${refusal.limitSeconds} seconds, and is no longer billable.`,
        { maxEventAgeSeconds: refusal.limitSeconds },
      );
    case "event_in_future":
      return problem(
        422,
        refusal.reason,
        `The event is more than ${refusal.limitSeconds} seconds ahead of the ledger. ` +
          "Set your clock.",
        { maxEventAheadSeconds: refusal.limitSeconds },
      );
    default:
      return chargeProblem(refusal, sale);
  }
}

/** `id` names the event that is refused for itself; `null` if it has no id. */
export function groupRefused(id: string | null): Problem {
  return problem(
    422,
    "group_refused",
    "Another event of its group is refused, and nothing of the group was charged now. " +
      "Correct that one, and send all again.",
    { refusedId: id },
  );
}

export function eventIdConflict(): Problem {
  return problem(
    409,
    "event_id_conflict",
    "This provider reported another event with this id, and nothing was charged now. " +
      "Give every event an id of its own.",
  );
}
