import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import { eventKey } from "@compute-credits/rules/usage/decideDebits";
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

/**
 * Removes the outcomes of groups that name an event which has no outcome yet, outside or inside of
 * another group: it may be charged before them, and then is no reason to refuse them.
 */
export function removeGroupsOfUndecided(
  outcomes: Map<number, UsageOutcome>,
  events: readonly UsageEvent[],
): void {
  if (events.every(({ group }) => group === undefined)) return;
  for (let before = -1; before !== outcomes.size;) {
    before = outcomes.size;
    const undecided = new Set(
      events.flatMap((event, index) => (outcomes.has(index) ? [] : eventKey(event))),
    );
    const named = new Set(
      events.flatMap((event) => (undecided.has(eventKey(event)) ? (event.group ?? []) : [])),
    );
    for (const [index, { group }] of events.entries()) {
      if (group !== undefined && named.has(group)) outcomes.delete(index);
    }
  }
}

/** The positions in the order of their decisions: a group is decided at its first event. */
export function decisionOrder(events: readonly UsageEvent[]): readonly number[] {
  const first = new Map<UsageEvent["group"], number>();
  for (const [index, { group }] of events.entries()) {
    if (group !== undefined && !first.has(group)) first.set(group, index);
  }
  const place = (index: number) => first.get(events[index]?.group) ?? index;
  return [...events.keys()].toSorted((a, b) => place(a) - place(b) || a - b);
}
