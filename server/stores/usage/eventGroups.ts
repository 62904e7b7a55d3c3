import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";

/** The positions, and those of all events of their groups: what decides one decides all. */
export function withGroups(
  positions: readonly number[],
  events: readonly UsageEvent[],
): readonly number[] {
  const groups = new Set(positions.map((index) => events[index]?.group));
  groups.delete(undefined);
  if (groups.size === 0) return positions;
  const chosen = new Set(positions);
  return [...events.keys()].filter(
    (index) => chosen.has(index) || groups.has(events[index]?.group),
  );
}

/** Removes the outcomes of groups that do not have one for each of their events. */
export function removeSplitGroups(
  outcomes: Map<number, UsageOutcome>,
  events: readonly UsageEvent[],
): void {
  const open = new Set(
    events.flatMap(({ group }, index) => (outcomes.has(index) ? [] : (group ?? []))),
  );
  if (open.size === 0) return;
  for (const [index, { group }] of events.entries()) {
    if (group !== undefined && open.has(group)) outcomes.delete(index);
  }
}
