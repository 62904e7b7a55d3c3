interface Waiting<Key, Value> {
  readonly key: Key;
  readonly resolve: (value: Value | null) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Lets questions that come at the same time share a query. While one is under way, what is asked waits for the next: so an
 * answer is never older than its question, and nothing is remembered.
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
        // oxlint-disable-next-line no-await-in-loop -- one query after the other is the point
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
