const NESTED_LOOPS = ["hashjoin", "mergejoin", "seqscan", "bitmapscan"].map(
  (method) => `enable_${method} = off`,
);

/**
 * Plans each statement once per session, because planning takes longer than recording a few events.
 * The high cost per index entry makes a plan for a table that was small at the time still use index
 * lookups: reading a whole index is only cheaper below about ten entries.
 */
const ONE_PLAN = ["plan_cache_mode = force_generic_plan", "cpu_index_tuple_cost = 100"];

/**
 * SQL condition: true only inside a transaction with `nestedLoopPlan`. Outside of one, sessions use
 * `force_custom_plan` (pgDatabase.ts).
 */
export const HAS_BEGUN = "current_setting('plan_cache_mode') = 'force_generic_plan'";

/** Leaves the planner only nested loops over an index, until the transaction ends. */
export const NESTED_LOOP_PLAN = [...NESTED_LOOPS, ...ONE_PLAN]
  .map((setting) => `set local ${setting}`)
  .join(";");
