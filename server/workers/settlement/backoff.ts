export interface BackoffOptions {
  readonly firstPauseMs: number;
  /** the pause doubles with each failure, up to this */
  readonly maxPauseMs: number;
  /** milliseconds of a clock that never goes back; a test passes its own */
  readonly now?: () => number;
}

/** Remembers which items failed lately, so that each waits alone and the others go on. */
export interface Backoff<Key> {
  isWaiting(key: Key): boolean;
  /** the items that wait now, at most `MAX_ITEMS` */
  waiting(): readonly Key[];
  failed(key: Key): void;
  succeeded(key: Key): void;
}

/** Bounds the memory. Beyond it, the item that failed longest ago is forgotten and tried again. */
const MAX_ITEMS = 10_000;

export function createBackoff<Key>({
  firstPauseMs,
  maxPauseMs,
  now = () => performance.now(),
}: BackoffOptions): Backoff<Key> {
  // A map keeps the order of its insertions, so its first key failed longest ago.
  const failures = new Map<Key, { readonly pauseMs: number; readonly until: number }>();
  const isWaiting = (key: Key) => (failures.get(key)?.until ?? -Infinity) > now();

  return {
    isWaiting,
    waiting: () => [...failures.keys()].filter(isWaiting),
    failed(key) {
      const before = failures.get(key);
      const pauseMs =
        before === undefined ? firstPauseMs : Math.min(2 * before.pauseMs, maxPauseMs);
      failures.delete(key);
      failures.set(key, { pauseMs, until: now() + pauseMs });
      const [oldest] = failures.keys();
      if (failures.size > MAX_ITEMS && oldest !== undefined) failures.delete(oldest);
    },
    succeeded: (key) => void failures.delete(key),
  };
}
