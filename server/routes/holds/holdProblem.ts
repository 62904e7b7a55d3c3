import type { HoldRefusal } from "@compute-credits/rules/holds/authorize";
import type { ResolveRefusal } from "@compute-credits/rules/holds/resolve";
import { chargeProblem } from "../../http/chargeProblem.ts";
import { type Problem, problem } from "../../http/problem.ts";
import type { Sale } from "../../http/sale.ts";
import { eventIdConflict } from "../usage/usageProblem.ts";

/** Maps each refusal to open a hold to its problem document. */
export function holdProblem(refusal: HoldRefusal, sale: Sale): Problem {
  switch (refusal.reason) {
    case "hold_id_conflict":
      return problem(
        409,
        refusal.reason,
        "This provider has another hold with this id. Give every hold an id of its own.",
      );
    case "too_many_holds":
      return problem(
        429,
        refusal.reason,
        `You have the maximum of ${refusal.limit} open holds on this spender. ` +
          "Capture or release some.",
      );
    case "quote_expired":
      return problem(
        422,
        refusal.reason,
        `The quote expired at ${refusal.expiredAt.toISOString()}. Ask for another.`,
      );
    case "quote_mismatch":
      return problem(
        422,
        refusal.reason,
        "The quote is for another provider, meter or dimensions, for less, or for an account that " +
          "does not pay all of it. Ask for one that fits, or hold without a quote.",
      );
    default:
      return chargeProblem(refusal, sale);
  }
}

/** Why a hold is not captured or released. */
export type HoldEndRefusal =
  ResolveRefusal | { readonly reason: "hold_not_found" | "event_id_conflict" | "vault_frozen" };

/** Maps each refusal to capture or release a hold to its problem document. */
export function holdEndProblem(refusal: HoldEndRefusal, sale: Sale): Problem {
  switch (refusal.reason) {
    case "hold_not_found":
      return problem(404, refusal.reason, "This provider has no hold with this id. Check the id.");
    case "event_id_conflict":
      return eventIdConflict();
    case "vault_frozen":
      return chargeProblem({ reason: refusal.reason }, sale);
    case "hold_resolved": {
      const { resolution, capturedMicros } = refusal;
      return problem(
        409,
        refusal.reason,
        `The hold ended at ${resolution.at.toISOString()} (${resolution.as}). Open another hold.`,
        { resolvedAs: resolution.as, resolvedAt: resolution.at, capturedMicros },
      );
    }
    case "capture_exceeds_hold": {
      const { heldMicros, neededMicros } = refusal;
      return problem(
        409,
        refusal.reason,
        "The capture costs more than is still held. Capture less, or report the rest as usage.",
        { heldMicros, neededMicros },
      );
    }
    default:
      return refusal satisfies never;
  }
}
