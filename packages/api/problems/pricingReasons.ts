import { reason } from "./reason.ts";

export const PRICING = {
  rate_card_not_found: reason([404], "No rate card has this version.", "See `GET /v1/rate-cards`."),
  invalid_rate_card: reason(
    [422],
    "The card's rates contradict each other.",
    "Correct the rates that `errors` names.",
  ),
  effective_from_too_soon: reason(
    [422],
    "The card would take effect without notice.",
    "Use `earliest` or later.",
  ),
  effective_from_too_late: reason(
    [422],
    "The card is dated too far ahead.",
    "Use `latest` or earlier.",
  ),
  effective_from_not_after_newest: reason(
    [409],
    "A newer card takes effect at that time or later.",
    "Use a time after `newest`.",
  ),
  too_many_pending_rate_cards: reason(
    [409],
    "Too many of your cards are still to take effect.",
    "Publish again when one is in force.",
  ),
  unknown_rate: reason(
    [422],
    "No rate in force has exactly this meter and dimensions.",
    "See `GET /v1/dynamic-rates/:provider`.",
  ),
  rate_not_dynamic: reason(
    [422],
    "The rate does not follow utilisation.",
    "Report only dynamic rates.",
  ),
  step_too_soon: reason(
    [429],
    "The multiplier has already moved in this `stepSeconds`.",
    "Report again from `nextStepAt`.",
  ),
};
