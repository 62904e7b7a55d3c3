import { reason } from "./reason.ts";

export const TOP_UPS = {
  top_ups_not_offered: reason(
    [501],
    "This server has no keeper.",
    "Ask the operator to set the keeper's key.",
  ),
  top_up_policy_refused: reason(
    [422],
    "The policy could never buy what is asked of it.",
    "Correct what `detail` names, and sign again.",
  ),
  top_up_policy_not_found: reason(
    [404],
    "The account has no such top-up policy.",
    "Take an `id` of the account's list.",
  ),
  too_many_top_up_policies: reason(
    [429],
    "The account has its maximum of top-up policies.",
    "Stop one first.",
  ),
};
