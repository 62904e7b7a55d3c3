import type { LogEntryOf } from "@compute-credits/rules/log/logEntry";
import type { AuditState } from "./auditState.ts";
import type { Finding } from "./finding.ts";
import { applyChainEvent, eventsInTime, findIgnoredEvent } from "./replayChain.ts";
import { type MissedEvent, type ReplayTerms, placeKey } from "./terms.ts";

/**
 * Applies events that the server missed in their blocks and recorded with this entry, as the auditor
 * itself read them. Reports events that the auditor does not know, and those up to `upTo` that the
 * server still has not recorded.
 */
export function replayMissedEvents(
  state: AuditState,
  { events, upTo }: LogEntryOf<"missed_events">,
  terms: ReplayTerms,
): Finding[] {
  const findings = eventsInTime(state.appliedBlock + 1n, upTo, terms).flatMap(findIgnoredEvent);
  if (upTo > state.appliedBlock) state.appliedBlock = upTo;
  for (const place of events) {
    const key = placeKey(place);
    const missed = terms.missed.known.get(key);
    if (missed === undefined || place.block > upTo) findings.push(unknownEvent(place));
    else if (!state.appliedLate.has(key)) applyLate(state, missed, terms);
    state.appliedLate.add(key);
  }
  return findings;
}

function applyLate(
  state: AuditState,
  { event, isReplaced }: MissedEvent,
  { missed: { appliedBefore } }: ReplayTerms,
): void {
  // In an earlier cut the auditor has applied every event, except rows settled in skipped blocks.
  if (event.blockNumber <= appliedBefore && event.type !== "row_settled") return;
  if (isReplaced) return;
  const isPassed =
    event.type === "counter_raised" && event.counter <= state.party(event.account).counter;
  if (!isPassed) applyChainEvent(state, event);
}

function unknownEvent({ block, logIndex }: { block: bigint; logIndex: number }): Finding {
  return {
    kind: "unknown_chain_event",
    party: null,
    event: null,
    expected: null,
    actual: null,
    differenceMicros: null,
    text: `the server recorded an event at log ${logIndex} of block ${block} that this auditor does not find there`,
  };
}
