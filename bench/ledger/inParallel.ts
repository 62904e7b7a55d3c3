/** Works through lists side by side, each from its first item to its last. */
export async function sideBySide<T>(
  lists: readonly Iterable<T>[],
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  await Promise.all(
    lists.map(async (list) => {
      // oxlint-disable-next-line no-await-in-loop -- one after the other in each list
      for (const item of list) await work(item);
    }),
  );
}

/** Works through one list, `width` items at a time. */
export async function inParallel<T>(
  list: readonly T[],
  width: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const queue = list.values();
  await sideBySide(Array<Iterable<T>>(width).fill(queue), work);
}
