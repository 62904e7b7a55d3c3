/** Runs all tasks in order, then throws what failed: a task that fails must not keep back others. */
export async function inTurn(tasks: readonly (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const task of tasks) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await task().catch((error: unknown) => errors.push(error));
  }
  const [first] = errors;
  if (errors.length > 1) throw new AggregateError(errors, String(first));
  if (first !== undefined) throw first;
}
