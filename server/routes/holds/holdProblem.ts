import type { HoldRefusal, LineRefusal } from "@compute-credits/rules/holds/authorize";
import type { ExtendOutcome } from "@compute-credits/rules/holds/outcome";
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
    default:
      return lineProblem(refusal, sale);
  }
}

/** Why a line is not reserved. The problem names the line, if the request did. */
function lineProblem(
  refusal: (LineRefusal | { readonly reason: "vault_frozen" }) & { readonly line?: string },
  sale: Sale,
): Problem {
  const { line } = refusal;
  const document = reservationProblem(refusal, sale);
  return line === undefined ? document : { ...document, line };
}

function reservationProblem(
  refusal: LineRefusal | { readonly reason: "vault_frozen" },
  sale: Sale,
): Problem {
  switch (refusal.reason) {
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

/** Maps each refusal to extend a hold to its problem document. */
export function extensionProblem(
  refusal: Extract<ExtendOutcome, { result: "refused" }>["refusal"],
  sale: Sale,
): Problem {
  switch (refusal.reason) {
    case "hold_not_found":
    case "hold_line_not_found":
    case "hold_resolved":
      return holdEndProblem(refusal, sale);
    case "extension_id_conflict":
      return problem(
        409,
        refusal.reason,
        "The hold has another extension with this id. Give every extension an id of its own.",
      );
    case "too_many_extensions":
      return problem(
        422,
        refusal.reason,
        `The hold would have more than ${refusal.limit} of what was reserved. ` +
          "Capture the rest, and open another hold.",
        { maxLots: refusal.limit },
      );
    case "refund_requested":
      return problem(
        409,
        refusal.reason,
        "An account that holds credits for it has requested a refund. " +
          "Finish in the time that the hold has.",
        { account: refusal.account },
      );
    default:
      return lineProblem(refusal, sale);
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
    case "hold_line_not_found":
      return problem(
        404,
        refusal.reason,
        `The hold has no line ${refusal.line}. It has: ${refusal.lines.join(", ")}.`,
        { line: refusal.line, lines: refusal.lines },
      );
    case "capture_exceeds_hold": {
      const { heldMicros, neededMicros, line } = refusal;
      return problem(
        409,
        refusal.reason,
        "The capture costs more than is still held. Capture less, or report the rest as usage.",
        { heldMicros, neededMicros, ...(line === undefined ? {} : { line }) },
      );
    }
    default:
      return refusal satisfies never;
  }
}
