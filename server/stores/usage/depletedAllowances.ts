import type { Hex } from "viem";

/**
 * Remembers which allowances could pay nothing when they were last decided on, so that predictions
 * pass over them. Each prediction is checked under the locks, so what is out of date here costs time
 * and nothing else.
 */
export interface DepletedAllowances {
  readonly has: (id: Hex) => boolean;
  /** Notes what decisions found: `true` for an allowance that can pay nothing. */
  note(found: ReadonlyMap<Hex, boolean>): void;
}

export function createDepletedAllowances(capacity = CAPACITY): DepletedAllowances {
  const depleted = new Set<Hex>();
  return {
    has: (id) => depleted.size > 0 && depleted.has(id),
    note(found) {
      for (const [id, isDepleted] of found) {
        if (!isDepleted) depleted.delete(id);
        else {
          if (depleted.size >= capacity) depleted.clear();
          depleted.add(id);
        }
      }
    },
  };
}

/** About 150 bytes each. */
const CAPACITY = 50_000;
