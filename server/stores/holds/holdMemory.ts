import type { CaptureRequest, HoldKey } from "@compute-credits/rules/holds/outcome";
import { holdKey } from "@compute-credits/rules/holds/outcome";
import type { Hold } from "@compute-credits/rules/holds/hold";
import { createEventMemory } from "../usage/eventMemory.ts";

/**
 * Remembers open holds as this process last wrote them, so that a capture or a release need not
 * look up what to lock. It may be out of date, if another server changed the hold: the state under
 * the locks decides.
 */
export interface HoldMemory {
  /** The open hold, unless it is not known or the event id was captured before. */
  find(key: HoldKey, eventId: string | null): Hold | undefined;
  /** Notes a hold that was written, and the capture that did it. */
  note(hold: Hold, capture: CaptureRequest | null): void;
  forget(key: HoldKey): void;
}

export function createHoldMemory(capacity = CAPACITY): HoldMemory {
  const open = new Map<string, Hold>();
  const captured = createEventMemory(new Date(0));
  return {
    find({ provider, id }, eventId) {
      const hold = open.get(holdKey({ provider, id }));
      if (hold === undefined || eventId === null) return hold;
      const event = { provider, id: eventId, occurredAt: new Date() };
      return captured.mayBeRecorded(event) ? undefined : hold;
    },
    note(hold, capture) {
      if (capture !== null) {
        const { provider, eventId } = capture;
        captured.remember({ provider, id: eventId, occurredAt: new Date() });
      }
      const key = holdKey(hold);
      // Last in the order, because it was used last.
      open.delete(key);
      if (hold.resolution !== null) return;
      for (const oldest of open.keys()) {
        if (open.size < capacity) break;
        open.delete(oldest);
      }
      open.set(key, hold);
    },
    forget: (key) => void open.delete(holdKey(key)),
  };
}

/** About two kilobytes each. */
const CAPACITY = 20_000;
