import { reason } from "./reason.ts";

export const MARKET_REASONS = {
  profile_not_found: reason(
    [404],
    "The provider has published no profile.",
    "Check the address; providers publish with `POST /v1/profiles`.",
  ),
  stale_profile: reason(
    [409],
    "A profile signed as late or later is in force.",
    "Sign again with a later `issuedAt` than the problem names.",
  ),
  market_full: reason(
    [409],
    "The market shows as many providers as it may.",
    "Publish with `listed: false`, or ask an operator.",
  ),
};
