/** Leaves the planner nested loops with an index inside (`TransactionOptions.rowByRow`), until the transaction ends. */
export const ROW_BY_ROW = ["hashjoin", "mergejoin", "seqscan", "bitmapscan"]
  .map((method) => `set local enable_${method} = off`)
  .join(";");
