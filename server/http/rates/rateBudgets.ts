import type { Database } from "@compute-credits/platform/postgres/database";
import { type BudgetTerms, budgetOf } from "../../stores/rateLimits/budget.ts";
import { createMemoryLimiter } from "../../stores/rateLimits/memoryLimiter.ts";
import { createSharedLimiter } from "../../stores/rateLimits/sharedLimiter.ts";
import type { RateBudgets } from "./limitRates.ts";

/** What parties may use; routeWeight.ts has the points of each request. */
export interface RateLimits {
  /** of a provider's key, in `WINDOW_SECONDS` */
  readonly providerPoints: number;
  /** of any other key or session, in `WINDOW_SECONDS` */
  readonly credentialPoints: number;
  /** of an address, in `WINDOW_SECONDS` */
  readonly addressPoints: number;
  /** of an address, in `SENSITIVE_WINDOW_SECONDS`, on all servers together */
  readonly sensitiveRequests: number;
}

/** Short, so that a client that sent too much waits for seconds only. */
const WINDOW_SECONDS = 10;

const SENSITIVE_WINDOW_SECONDS = 60;

/** Budgets in this process's memory, and one in the database, for all servers on it. */
export function createRateBudgets(
  database: Pick<Database, "query">,
  { providerPoints, credentialPoints, addressPoints, sensitiveRequests }: RateLimits,
): RateBudgets {
  return {
    provider: inMemory("provider", providerPoints),
    credential: inMemory("credential", credentialPoints),
    address: inMemory("address", addressPoints),
    sensitive: shared(database, {
      policy: "sensitive",
      points: sensitiveRequests,
      seconds: SENSITIVE_WINDOW_SECONDS,
    }),
  };
}

function inMemory(policy: string, points: number) {
  const terms = { policy, points, seconds: WINDOW_SECONDS };
  return budgetOf(createMemoryLimiter(terms), terms);
}

function shared(database: Pick<Database, "query">, terms: BudgetTerms) {
  return budgetOf(createSharedLimiter(database, terms), terms);
}
