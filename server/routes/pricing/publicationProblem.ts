import type { PublicationRefusal } from "@compute-credits/rules/pricing/publication";
import { type Problem, problem } from "../../http/problem.ts";

const AT = "#/effectiveFrom";

/** The problem document of a rate card that is not published: one for each reason, with what to do about it. */
export function publicationProblem(refusal: PublicationRefusal): Problem {
  const { reason } = refusal;
  switch (reason) {
    case "effective_from_too_soon": {
      const earliest = refusal.earliest.toISOString();
      const detail = `A price is never changed for what is done already: give an "effectiveFrom" from ${earliest} on.`;
      return problem(422, reason, detail, { pointer: AT, earliest });
    }
    case "effective_from_too_late": {
      const latest = refusal.latest.toISOString();
      const detail = `No other card could follow before this one: give an "effectiveFrom" until ${latest}.`;
      return problem(422, reason, detail, { pointer: AT, latest });
    }
    case "effective_from_not_after_newest": {
      const { version, effectiveFrom } = refusal.newest;
      const newest = { version, effectiveFrom: effectiveFrom.toISOString() };
      const detail =
        `Version ${version} takes effect on ${newest.effectiveFrom} and is never changed: ` +
        'give the new rates an "effectiveFrom" after that.';
      return problem(409, reason, detail, { pointer: AT, newest });
    }
    case "too_many_pending_rate_cards": {
      const detail = `${refusal.limit} of your cards are still to take effect: publish another when one has.`;
      return problem(409, reason, detail, { maxPendingRateCards: refusal.limit });
    }
    default:
      return reason satisfies never;
  }
}
