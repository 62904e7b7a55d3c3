import type { AdmissionRefusal } from "@compute-credits/rules/allowances/admission";
import { type Problem, problem } from "../../http/problem.ts";
import { timesProblem } from "./timesProblem.ts";

/** Maps each refusal of a signed allowance to its problem document. */
export function admissionProblem(refusal: AdmissionRefusal): Problem {
  switch (refusal.reason) {
    case "scope_mismatch":
      return problem(
        422,
        refusal.reason,
        "The signed scope is not the hash of the providers and meters sent with it. " +
          "Send the lists that were hashed.",
      );
    case "times_out_of_range":
    case "expires_before_start":
      return timesProblem(refusal);
    case "allowance_expired":
      return problem(
        422,
        refusal.reason,
        "The allowance has already expired. Sign one that ends later.",
      );
    case "stale_counter": {
      const { currentCounter } = refusal;
      return problem(
        409,
        refusal.reason,
        `The account's counter is ${currentCounter}, which voids allowances of lower ones: ` +
          `sign with ${currentCounter}.`,
        { currentCounter },
      );
    }
    case "counter_not_reached": {
      const { currentCounter } = refusal;
      return problem(
        409,
        refusal.reason,
        `The account's counter is ${currentCounter} on the confirmed chain: ` +
          "sign with it, or send this again later.",
        { currentCounter },
      );
    }
    default:
      return refusal satisfies never;
  }
}
