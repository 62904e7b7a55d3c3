import type { HoldKey } from "@compute-credits/rules/holds/requests";
import { holdKey } from "@compute-credits/rules/holds/requests";
import type { Hold } from "@compute-credits/rules/holds/hold";
import { createEventMemory } from "../usage/eventMemory.ts";

/**
 * Remembers the ids of holds, and open holds as this process last wrote them, so that few requests
 * need to look up what to lock. It may be out of date, if another server opened or changed a hold:
 * the state under the locks decides.
 */
export interface HoldMemory {
  /** The open hold, unless it is not known or one of the event ids was captured before. */
  find(key: HoldKey, eventIds: readonly string[]): Hold | undefined;
  /** Whether the id was noted as one in use: look at the hold before locking anything. */
  mayBeInUse(key: HoldKey): boolean;
  noteInUse(key: HoldKey): void;
  /** Notes a hold that was written, and the ids of the events captured from it just now. */
  note(hold: Hold, eventIds: readonly string[]): void;
  forget(key: HoldKey): void;
}

export function createHoldMemory(capacity = CAPACITY): HoldMemory {
  const open = new Map<string, Hold>();
  const captured = createEventMemory(new Date(0));
  const inUse = createEventMemory(new Date(0));
  return {
    mayBeInUse: (key) => inUse.mayBeRecorded({ ...key, occurredAt: new Date() }),
    noteInUse: (key) => inUse.remember({ ...key, occurredAt: new Date() }),
    find({ provider, id }, eventIds) {
      const hold = open.get(holdKey({ provider, id }));
      if (hold === undefined || eventIds.length === 0) return hold;
      const occurredAt = new Date();
      const mayBeRepeated = eventIds.some((eventId) =>
        captured.mayBeRecorded({ provider, id: eventId, occurredAt }),
      );
      return mayBeRepeated ? undefined : hold;
    },
    note(hold, eventIds) {
      const { provider } = hold;
      for (const id of eventIds) captured.remember({ provider, id, occurredAt: new Date() });
      const key = holdKey(hold);
      // Last in the order, because it was used last.
      open.delete(key);
      if (hold.resolution !== null || hold.lots.length > MOST_LOTS) return;
      for (const oldest of open.keys()) {
        if (open.size < capacity) break;
        open.delete(oldest);
      }
      open.set(key, hold);
    },
    forget: (key) => void open.delete(holdKey(key)),
  };
}

/** About two kilobytes each, of one lot. */
const CAPACITY = 20_000;

/** A hold with more lots is read each time, so that the memory is bounded. */
const MOST_LOTS = 8;
