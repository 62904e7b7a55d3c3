import { formatCredits } from "@compute-credits/protocol/amounts";
import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";

/** An event of the chain in one line, with its position. */
export function describeEvent(event: ChainEvent): string {
  const { blockNumber, logIndex } = event;
  return `block ${blockNumber}, log ${logIndex}: ${whatHappened(event)}`;
}

function whatHappened(event: ChainEvent): string {
  switch (event.type) {
    case "purchased":
      return `${event.account} bought ${formatCredits(event.amountMicros)} credits`;
    case "refund_requested":
      return `${event.account} asked ${formatCredits(event.requestedMicros)} credits back`;
    case "refund_served":
      return `the refund of ${event.account} was served`;
    case "counter_raised":
      return `${event.account} raised its counter to ${event.counter}`;
    case "row_settled":
      return `the row of ${event.party} of epoch ${event.epoch} was settled`;
    case "checkpoint_submitted":
      return `checkpoint ${event.epoch} was submitted, root ${event.root}`;
    case "checkpoint_dropped":
      return `checkpoint ${event.epoch} was dropped, root ${event.root}`;
    case "challenged":
      return `${event.challenger} challenged the row of ${event.account}`;
    case "challenge_answered":
      return `the challenge of ${event.challenger} to ${event.account} was answered`;
    case "challenge_unanswered":
      return `the challenge of ${event.challenger} to ${event.account} had no answer`;
    case "cap_recorded":
      return `a cap of ${formatCredits(event.accountCapMicros)} credits of ${event.account} is on record`;
    case "fees_claimed":
      return `${event.recipient} claimed ${formatCredits(event.amountMicros)} credits of fees`;
    case "frozen":
      return `${event.by} froze the vault`;
    default:
      return event satisfies never;
  }
}
