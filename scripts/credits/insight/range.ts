import { TIME, optional } from "../frame/options.ts";

/** A range of time; without it the server takes the last 31 days. */
export const RANGE = {
  since: optional(TIME, "from then on; 31 days ago if absent"),
  until: optional(TIME, "before then; now if absent"),
};

/** The range as the SDK takes it. */
export function rangeOf({ since, until }: { since?: Date | undefined; until?: Date | undefined }) {
  return {
    ...(since === undefined ? {} : { from: since }),
    ...(until === undefined ? {} : { to: until }),
  };
}
