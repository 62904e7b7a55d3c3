/**
 * Whether a PostgreSQL snapshot (`xmin:xmax:in,progress`) sees a committed transaction: all before
 * `xmin`, none from `xmax` on, and those between unless the snapshot lists them as in progress.
 */
export function isVisible(snapshot: string, transaction: bigint): boolean {
  const [xmin = "1", xmax = "1", inProgress = ""] = snapshot.split(":");
  if (transaction < BigInt(xmin)) return true;
  if (transaction >= BigInt(xmax)) return false;
  return !inProgress.split(",").includes(`${transaction}`);
}

/**
 * Whether a snapshot sees all that an older snapshot of the same database sees. It may deny it if
 * that is so by chance.
 */
export function includesSnapshot(snapshot: string, older: string): boolean {
  const [, xmax = "1", inProgress = ""] = snapshot.split(":");
  const [, olderXmax = "1"] = older.split(":");
  const unseen = inProgress === "" ? [] : inProgress.split(",");
  return (
    BigInt(xmax) >= BigInt(olderXmax) &&
    unseen.every((transaction) => !isVisible(older, BigInt(transaction)))
  );
}
