/**
 * Whether a PostgreSQL snapshot (`xmin:xmax:in,progress`) sees what a transaction wrote, provided that it was committed:
 * all before `xmin`, none from `xmax` on, and of those between all but the ones that it names.
 */
export function sees(snapshot: string, transaction: bigint): boolean {
  const [xmin = "1", xmax = "1", inProgress = ""] = snapshot.split(":");
  if (transaction < BigInt(xmin)) return true;
  if (transaction >= BigInt(xmax)) return false;
  return !inProgress.split(",").includes(`${transaction}`);
}
