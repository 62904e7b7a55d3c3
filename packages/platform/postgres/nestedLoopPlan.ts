const NESTED_LOOPS = ["hashjoin", "mergejoin", "seqscan", "bitmapscan"].map(
  (method) => `enable_${method} = off`,
);

/**
 * One plan for all batches, because to plan takes longer than to record a few events. It must go by index whatever the
 * tables were like when it was made: at this cost of each entry that is read, the whole of an index is only where it has ten.
 */
const ONE_PLAN = ["plan_cache_mode = force_generic_plan", "cpu_index_tuple_cost = 100"];

/** SQL: whether the transaction that is to go row by row has begun. Outside of it, sessions plan each statement anew. */
export const HAS_BEGUN = "current_setting('plan_cache_mode') = 'force_generic_plan'";

/** Leaves the planner nested loops with an index inside (`TransactionOptions.nestedLoopPlan`), until the transaction ends. */
export const NESTED_LOOP_PLAN = [...NESTED_LOOPS, ...ONE_PLAN]
  .map((setting) => `set local ${setting}`)
  .join(";");
