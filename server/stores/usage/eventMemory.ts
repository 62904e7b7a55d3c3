import type { Address } from "viem";

import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";

/**
 * Remembers which events were recorded, so that a repetition is answered from the log and takes no
 * lock. It may forget: then the primary key finds the repetition, under the locks.
 */
export interface EventMemory {
  /** Whether the event may have been recorded: look in the log before charging it. */
  mayBeRecorded(event: UsageEvent): boolean;
  /** Notes an event that is in the log. */
  remember(event: UsageEvent): void;
}

/**
 * Knows every event that this process recorded after `coveredFrom`. An event from before may be in
 * the log, so that one read of the log comes first; most events are reported within seconds.
 */
export function createEventMemory(startedAt: Date, capacity = CAPACITY): EventMemory {
  let coveredFromMs = startedAt.getTime();
  let [newer, older] = [new EventKeys(), new EventKeys()];

  return {
    mayBeRecorded: (event) =>
      event.occurredAt.getTime() <= coveredFromMs || newer.has(event) || older.has(event),

    remember(event) {
      newer.add(event);
      if (newer.size < capacity / 2) return;
      // A provider's clock that is ahead must not make all later events seem old.
      const forgottenMs = Math.min(older.latestMs, Date.now());
      if (forgottenMs > coveredFromMs) coveredFromMs = forgottenMs;
      [newer, older] = [new EventKeys(), newer];
    },
  };
}

/** About 150 bytes each; ids are at most `maxIdBytes` long. */
const CAPACITY = 200_000;

/** Keys of events by provider, because a joined string key would be hashed for every event. */
class EventKeys {
  readonly #ids = new Map<Address, Set<string>>();

  size = 0;
  /** the latest `occurredAt`; an event that occurred later is not here */
  latestMs = 0;

  has({ provider, id }: UsageEvent): boolean {
    return this.#ids.get(provider)?.has(id) === true;
  }

  add({ provider, id, occurredAt }: UsageEvent): void {
    const ids = this.#ids.get(provider) ?? new Set();
    if (ids.size === 0) this.#ids.set(provider, ids);
    ids.add(id);
    this.size++;
    if (occurredAt.getTime() > this.latestMs) this.latestMs = occurredAt.getTime();
  }
}
