import { reason } from "./reason.ts";

export const WEBHOOK = {
  webhooks_not_offered: reason(
    [501],
    "This server has no key for the secrets of webhooks.",
    "Ask the operator to set `WEBHOOK_KEY_FILE`.",
  ),
  webhook_not_found: reason(
    [404],
    "The caller has no webhook with this id.",
    "Check the id, and whose it is.",
  ),
  webhook_event_not_found: reason(
    [404],
    "No such event of this webhook is kept.",
    "Take an `eventId` of its deliveries.",
  ),
  webhook_refused: reason(
    [422],
    "Events, thresholds and owner do not fit together.",
    "Correct what `detail` names.",
  ),
  webhook_url_refused: reason(
    [422],
    "The server sends nothing to such a URL.",
    "Use an https URL of a public host.",
  ),
  webhook_disabled: reason(
    [409],
    "The webhook is disabled, so nothing is sent.",
    "Enable it first: send `enabled`.",
  ),
  too_many_webhooks: reason(
    [429],
    "The owner, or the server, has its maximum of webhooks.",
    "Delete one that is not used.",
  ),
  too_many_deliveries: reason(
    [429],
    "As many deliveries wait already as may before a test.",
    "Wait until the endpoint has taken them.",
  ),
  account_without_purchases: reason(
    [409],
    "The account has never bought credits.",
    "Buy credits first.",
  ),
};
