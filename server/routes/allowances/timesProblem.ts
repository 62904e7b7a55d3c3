import { LAST_SECOND } from "@compute-credits/protocol/times";
import type { TimesRefusal } from "@compute-credits/rules/allowances/times";
import { type Problem, problem } from "../../http/problem.ts";

/** Maps wrong times of an allowance, a grant or a code to their problem document. */
export function timesProblem(refusal: TimesRefusal): Problem {
  const { reason } = refusal;
  switch (reason) {
    case "times_out_of_range":
      return problem(
        422,
        reason,
        `The ${refusal.field} is after the year 9999. Give it in seconds since 1970, ` +
          `not in milliseconds: at most ${LAST_SECOND}.`,
        { field: refusal.field },
      );
    case "expires_before_start":
      return problem(
        422,
        reason,
        "The expiresAt is not after the startsAt, so it would never be valid. Correct one of them.",
      );
    default:
      return refusal satisfies never;
  }
}
