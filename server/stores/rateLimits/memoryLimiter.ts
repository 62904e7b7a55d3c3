import { RateLimiterMemory } from "rate-limiter-flexible";

import type { BudgetTerms, Limiter } from "./budget.ts";

/** Parties of one limiter, of about 300 bytes each. */
export const MOST_PARTIES = 50_000;

/**
 * Counts in this process. With more parties than `mostParties`, it forgets the one that came first:
 * whoever has so many addresses is bounded by its turns, and others must not be refused for it.
 */
export function createMemoryLimiter(
  { points, seconds }: BudgetTerms,
  mostParties = MOST_PARTIES,
): Limiter {
  const counts = new RateLimiterMemory({ points, duration: seconds, keyPrefix: "" });
  const parties = new Set<string>();
  return {
    // Not async, because every debit waits for it.
    consume(party, cost) {
      if (!parties.has(party)) {
        const [first] = parties;
        if (parties.size >= mostParties && first !== undefined) {
          parties.delete(first);
          // It deletes at once, and resolves later.
          void counts.delete(first);
        }
        parties.add(party);
      }
      return counts.consume(party, cost);
    },
  };
}
