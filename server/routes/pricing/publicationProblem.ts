import type { PublicationRefusal } from "@compute-credits/rules/pricing/publication";
import { type Problem, problem } from "../../http/problem.ts";

const POINTER = "#/effectiveFrom";

/** Maps each refusal to publish a rate card to its problem document. */
export function publicationProblem(refusal: PublicationRefusal): Problem {
  const { reason } = refusal;
  switch (reason) {
    case "effective_from_too_soon": {
      const earliest = refusal.earliest.toISOString();
      const detail =
        "Prices change with notice, and never for work that is done already: " +
        `give an "effectiveFrom" of ${earliest} or later.`;
      return problem(422, reason, detail, { pointer: POINTER, earliest });
    }
    case "effective_from_too_late": {
      const latest = refusal.latest.toISOString();
      const detail =
        "You could publish no other card before this one takes effect: " +
        `give an "effectiveFrom" of ${latest} or earlier.`;
      return problem(422, reason, detail, { pointer: POINTER, latest });
    }
    case "effective_from_not_after_newest": {
      const { version, effectiveFrom } = refusal.newest;
      const newest = { version, effectiveFrom: effectiveFrom.toISOString() };
      const detail =
        `Version ${version} takes effect at ${newest.effectiveFrom} and never changes: ` +
        'give the new rates an "effectiveFrom" after that.';
      return problem(409, reason, detail, { pointer: POINTER, newest });
    }
    case "too_many_pending_rate_cards": {
      const detail =
        `${refusal.limit} of your cards have not taken effect yet, which is the maximum. ` +
        "Publish another when one has.";
      return problem(409, reason, detail, { maxPendingRateCards: refusal.limit });
    }
    default:
      return reason satisfies never;
  }
}
