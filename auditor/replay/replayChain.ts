import {
  openRefundRequest,
  isRefundServed,
  closeRefundRequest,
} from "@compute-credits/rules/accounts/refundRequest";
import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";
import type { LogEntryOf } from "@compute-credits/rules/log/logEntry";
import type { AuditState } from "./auditState.ts";
import { type Finding, describeDifference } from "./finding.ts";
import { type ReplayTerms, placeKey } from "./terms.ts";

/**
 * Applies the blocks' events as the auditor itself read them, except those that the server recorded
 * later. Reports blocks that were skipped.
 */
export function replayBlocks(
  state: AuditState,
  { from, to }: LogEntryOf<"blocks">,
  terms: ReplayTerms,
): Finding[] {
  const skipped = eventsInTime(state.appliedBlock + 1n, from - 1n, terms).flatMap(findIgnoredEvent);
  for (const event of eventsInTime(from, to, terms)) applyChainEvent(state, event);
  state.appliedBlock = to;
  return skipped;
}

/** The events of these blocks, without those that the server missed and recorded later. */
export function eventsInTime(
  from: bigint,
  to: bigint,
  { chainEvents, missed }: ReplayTerms,
): readonly ChainEvent[] {
  return chainEvents(from, to).filter(({ blockNumber: block, logIndex }) => {
    return !missed.named.has(placeKey({ block, logIndex }));
  });
}

/** Applies one event of the chain to the party that it concerns. */
export function applyChainEvent(state: AuditState, event: ChainEvent): void {
  switch (event.type) {
    case "purchased": {
      const party = state.party(event.account);
      state.setParty({ ...party, purchased: party.purchased + event.amountMicros });
      return;
    }
    case "refund_requested": {
      const party = state.party(event.account);
      const { requestedMicros, unspentMicros, refundedMicros } = event;
      const request = { requestedMicros, unspentMicros, refundedMicros };
      state.setParty({ ...party, ...openRefundRequest(party, request), request });
      return;
    }
    case "row_settled": {
      const party = state.party(event.party);
      if (party.request === null || !isRefundServed(party.request, event)) return;
      state.setParty({ ...party, ...closeRefundRequest(party), request: null });
      return;
    }
    case "refund_served": {
      // After an exit no row is settled, so this event alone closes the request.
      const party = state.party(event.account);
      if (party.request === null) return;
      state.setParty({ ...party, ...closeRefundRequest(party), request: null });
      return;
    }
    case "counter_raised": {
      const { account, counter } = event;
      const recordedCap = state.recordedCap(account, counter);
      state.setParty({ ...state.party(account), counter, recordedCap });
      return;
    }
    case "cap_recorded": {
      const { account, counter, accountCapMicros } = event;
      state.setRecordedCap(account, counter, accountCapMicros);
      const party = state.party(account);
      if (party.counter !== counter) return;
      state.setParty({ ...party, recordedCap: accountCapMicros });
      return;
    }
    default:
  }
}

/** Reports a chain event that the server did not apply, if it affects a row. */
export function findIgnoredEvent(event: ChainEvent): Finding[] {
  const about = { event: null, expected: null, actual: null };
  switch (event.type) {
    case "purchased":
      return [
        {
          ...about,
          kind: "chain_event_ignored",
          party: event.account,
          differenceMicros: -event.amountMicros,
          text: `${event.account} bought ${event.amountMicros} micro-credits in block ${event.blockNumber}, but the server did not apply it`,
        },
      ];
    case "refund_requested":
      return [
        {
          ...about,
          kind: "chain_event_ignored",
          party: event.account,
          differenceMicros: -event.requestedMicros,
          text: `${event.account} requested a refund of ${event.requestedMicros} micro-credits in block ${event.blockNumber}, but the server did not apply it`,
        },
      ];
    case "counter_raised":
      return [
        {
          ...about,
          kind: "chain_event_ignored",
          party: event.account,
          differenceMicros: null,
          text: `${event.account} raised its counter to ${event.counter} in block ${event.blockNumber}, but the server did not apply it`,
        },
      ];
    case "cap_recorded":
      return [
        {
          ...about,
          kind: "chain_event_ignored",
          party: event.account,
          differenceMicros: null,
          text: `${event.account} has a cap of ${event.accountCapMicros} micro-credits on record since block ${event.blockNumber}, but the server did not apply it`,
        },
      ];
    default:
      return [];
  }
}

/** Applies a refund and checks that it is exactly the reserved amount. */
export function replayRefund(
  state: AuditState,
  { account, amountMicros }: LogEntryOf<"refund">,
): Finding[] {
  const party = state.party(account);
  state.setParty({
    ...party,
    refunding: party.refunding > amountMicros ? party.refunding - amountMicros : 0n,
    refunded: party.refunded + amountMicros,
  });
  const differenceMicros = amountMicros - party.refunding;
  if (differenceMicros === 0n) return [];
  return [
    {
      kind: "wrong_refund",
      party: account,
      event: null,
      expected: `${party.refunding}`,
      actual: `${amountMicros}`,
      differenceMicros,
      text: `${account} is refunded ${amountMicros} micro-credits, but ${party.refunding} were reserved: ${describeDifference(differenceMicros)}`,
    },
  ];
}
