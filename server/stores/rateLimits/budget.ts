import { RateLimiterRes } from "rate-limiter-flexible";

/** What each party may use in a window of time. Points are requests, weighted by their routes. */
export interface BudgetTerms {
  /** its name in the headers, such as "address" */
  readonly policy: string;
  /** of one party in one window */
  readonly points: number;
  /** of one window */
  readonly seconds: number;
}

/** What a party has left after a request. */
export interface Spent extends BudgetTerms {
  readonly remaining: number;
  /** until the window ends; rounded up, so that a client that waits so long is not refused again */
  readonly resetSeconds: number;
  /** whether the request exceeds the budget */
  readonly isOver: boolean;
}

export interface Budget {
  /** Takes points of a party's budget. Never rejects. */
  spend(party: string, points: number): Promise<Spent>;
}

/** A limiter of the library, and what it says of a party. */
export interface Limiter {
  consume(key: string, points: number): Promise<RateLimiterRes>;
}

/** Translates what the library resolves or rejects with. A limiter that fails refuses nothing. */
export function budgetOf(limiter: Limiter, terms: BudgetTerms): Budget {
  return {
    async spend(party, points) {
      try {
        return spent(terms, await limiter.consume(party, points), false);
      } catch (error) {
        if (error instanceof RateLimiterRes) return spent(terms, error, true);
        return { ...terms, remaining: terms.points, resetSeconds: terms.seconds, isOver: false };
      }
    },
  };
}

function spent(terms: BudgetTerms, left: RateLimiterRes, isOver: boolean): Spent {
  return {
    ...terms,
    remaining: isOver ? 0 : left.remainingPoints,
    resetSeconds: Math.max(1, Math.ceil(left.msBeforeNext / 1_000)),
    isOver,
  };
}
