import type { Hex } from "viem";

/** When something was last used, by the hash of its secret. */
export interface Use {
  readonly hash: Hex;
  readonly at: Date;
}

export interface LastUses {
  /** Notes a use of now. Costs a look into memory, and no query. */
  note(hash: Hex): void;
  /** Writes what was noted since the last flush. */
  flush(): Promise<void>;
}

/** How coarse a last use is. */
export const USES = { everyMs: 5 * 60_000 } as const;

/** About 200 bytes each. Beyond that, uses are noted more often than they need be. */
const MAX_REMEMBERED = 50_000;

/**
 * Collects last uses in memory: of each hash one in `USES.everyMs`, so that a key in steady use
 * costs a write in five minutes. A process that is killed forgets those of its last minute.
 */
export function createLastUses(
  write: (uses: readonly Use[]) => Promise<void>,
  now: () => number = Date.now,
): LastUses {
  const notedAt = new Map<Hex, number>();
  let pending = new Map<Hex, Date>();
  return {
    note(hash) {
      const time = now();
      const last = notedAt.get(hash);
      if (last !== undefined && time - last < USES.everyMs) return;
      if (notedAt.size >= MAX_REMEMBERED) notedAt.clear();
      notedAt.set(hash, time);
      if (pending.size < MAX_REMEMBERED) pending.set(hash, new Date(time));
    },

    async flush() {
      if (pending.size === 0) return;
      const uses = [...pending].map(([hash, at]) => ({ hash, at }));
      pending = new Map();
      await write(uses);
    },
  };
}
