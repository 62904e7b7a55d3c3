/** Works through several lists concurrently, each list sequentially. */
export async function runLists<T>(
  lists: readonly Iterable<T>[],
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  await Promise.all(
    lists.map(async (list) => {
      // oxlint-disable-next-line no-await-in-loop -- each list is sequential
      for (const item of list) await work(item);
    }),
  );
}

/** Works through one list with `concurrency` items at a time. */
export async function inParallel<T>(
  list: readonly T[],
  concurrency: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const queue = list.values();
  await runLists(Array<Iterable<T>>(concurrency).fill(queue), work);
}
