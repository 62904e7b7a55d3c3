import type { Leadership } from "./leadership.ts";

/** The embedded database admits a single process, which always leads. */
export const soleLeadership: Leadership = {
  isLeader: () => Promise.resolve(true),
  resign: () => Promise.resolve(),
};
