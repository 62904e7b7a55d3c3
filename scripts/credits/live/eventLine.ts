import type { LiveKind } from "@compute-credits/api/live/liveEvents";
import type { LiveEvent } from "@compute-credits/client/http/live";
import { formatCredits } from "@compute-credits/protocol/amounts";

type Told = LiveEvent<LiveKind | "checkpoint">;

/** An event in one line for people. Amounts are credits. */
export function eventLine(live: Told): string {
  return `${live.event.padEnd(10)} ${wordsOf(live)}`;
}

function wordsOf(live: Told): string {
  switch (live.event) {
    case "balance": {
      const { availableMicros, heldMicros, spentMicros, refundingMicros } = live.data;
      return (
        `available ${formatCredits(availableMicros)}, held ${formatCredits(heldMicros)}, ` +
        `spent ${formatCredits(spentMicros)}, refunding ${formatCredits(refundingMicros)}`
      );
    }
    case "debit": {
      const { amountMicros, quantity, meter, provider, eventId } = live.data;
      return `${formatCredits(amountMicros)} for ${quantity} ${meter} of ${provider}, event ${eventId}`;
    }
    case "void": {
      const { amountMicros, provider, eventId } = live.data;
      return `${formatCredits(amountMicros)} back from ${provider}, event ${eventId}`;
    }
    case "hold": {
      const { holdId, provider, status, heldMicros, expiresAt } = live.data;
      const until = status === "open" ? ` until ${expiresAt.toISOString()}` : "";
      return `${holdId} of ${provider} is ${status}: ${formatCredits(heldMicros)} set aside${until}`;
    }
    case "budget": {
      const { allowance, status, usedMicros, budgetMicros } = live.data;
      return `${allowance} is ${status}: ${formatCredits(usedMicros)} of ${formatCredits(budgetMicros)} used`;
    }
    case "refund": {
      const { status, requestedMicros, refundedMicros, paidMicros } = live.data;
      const asked = requestedMicros === null ? "" : ` of ${formatCredits(requestedMicros)}`;
      return (
        `the newest request${asked} is ${status}; in all ${formatCredits(refundedMicros)} ` +
        `given back, ${formatCredits(paidMicros)} of it paid`
      );
    }
    case "checkpoint": {
      const { checkpoint, status } = live.data;
      return `epoch ${checkpoint.epoch} is ${status}: ${formatCredits(checkpoint.spent)} spent in all`;
    }
    case "reset":
      return `${live.data.detail} Read what you need anew.`;
    default:
      return live satisfies never;
  }
}
