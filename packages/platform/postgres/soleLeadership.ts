import type { Leadership } from "./leadership.ts";

/** The embedded database admits one process, which therefore leads. */
export const soleLeadership: Leadership = {
  isLeader: () => Promise.resolve(true),
  resign: () => Promise.resolve(),
};
