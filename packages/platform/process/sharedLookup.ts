interface Waiting<Key, Value> {
  readonly key: Key;
  readonly resolve: (value: Value | null) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Lets lookups that arrive together share one query. A lookup that arrives during a query waits
 * for the next one, so no answer is older than its question. Nothing is cached.
 */
export function sharedLookup<Key, Value>(
  find: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>,
): (key: Key) => Promise<Value | null> {
  let queue: Waiting<Key, Value>[] = [];
  let isBusy = false;

  async function work(): Promise<void> {
    isBusy = true;
    while (queue.length > 0) {
      const asked = queue;
      queue = [];
      try {
        // oxlint-disable-next-line no-await-in-loop -- queries run one after the other
        const found = await find([...new Set(asked.map(({ key }) => key))]);
        for (const { key, resolve } of asked) resolve(found.get(key) ?? null);
      } catch (error) {
        for (const { reject } of asked) reject(error);
      }
    }
    isBusy = false;
  }

  return (key) => {
    const { promise, resolve, reject } = Promise.withResolvers<Value | null>();
    queue.push({ key, resolve, reject });
    if (!isBusy) void work();
    return promise;
  };
}
