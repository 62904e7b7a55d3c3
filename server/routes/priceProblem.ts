import type { PriceRefusal } from "../domain/rates/price.ts";
import { type Problem, problem } from "./problem.ts";

/** The problem document of something that has no price. */
export function priceProblem(reason: PriceRefusal): Problem {
  switch (reason) {
    case "no_rate_card_in_force":
      return problem(422, reason, "No rate card was in force when the event occurred.");
    case "unknown_meter":
      return problem(
        422,
        reason,
        "The rate card has no such meter: GET /v1/rate-cards lists them.",
      );
    case "no_matching_rate":
      return problem(
        422,
        reason,
        "The rate card has this meter, but no rate for these dimensions: GET /v1/rate-cards lists them.",
      );
    case "quantity_too_large":
      return problem(422, reason, "At its rate this quantity costs more credits than can exist.");
    default:
      return reason satisfies never;
  }
}
