import { reason } from "./reason.ts";

export const CHARGING = {
  insufficient_credits: reason(
    [402],
    "The account has too few credits available.",
    "Buy `missingMicros`, or wait if `waitMayHelp`.",
  ),
  allowance_exhausted: reason(
    [402],
    "The allowance's limit is reached.",
    "Wait for the next period, or sign another.",
  ),
  campaign_exhausted: reason(
    [402],
    "The campaign behind the grant is used up.",
    "Its owner signs another campaign.",
  ),
  account_cap_reached: reason(
    [402],
    "The account would exceed its signed `accountCap`.",
    "The owner signs an allowance with a higher cap.",
  ),
  cap_not_recorded: reason(
    [402],
    "The contract wallet's cap is not recorded on chain so far.",
    "Call `recordCap` on the court, or wait for it.",
  ),
  vault_frozen: reason(
    [409],
    "The vault is frozen on chain, so nothing is metered.",
    "Accounts take their credits out on chain.",
  ),
  no_rate_card_in_force: reason(
    [422],
    "No rate card was in force at that time.",
    "Check the event's time.",
  ),
  unknown_meter: reason([422], "The rate card has no such meter.", "See `GET /v1/rate-cards`."),
  no_matching_rate: reason(
    [422],
    "The meter has no rate for these dimensions.",
    "See `GET /v1/rate-cards`.",
  ),
  quantity_too_large: reason(
    [422],
    "The cost would exceed all credits that can exist.",
    "Check the quantity's unit.",
  ),
};
