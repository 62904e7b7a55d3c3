import { randomInt } from "node:crypto";

import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";

/**
 * Remembers which events were recorded, so that a repetition is answered from the log and takes no
 * lock. It may forget: then the primary key finds the repetition, under the locks.
 */
export interface EventMemory {
  /** Whether the event may have been recorded: look in the log before charging it. */
  mayBeRecorded(event: NamedEvent): boolean;
  /** Notes an event that is in the log. */
  remember(event: NamedEvent): void;
}

type NamedEvent = Pick<UsageEvent, "provider" | "id" | "occurredAt">;

/**
 * Knows every event that this process recorded after `coveredFrom`. An event from before may be in
 * the log, so that one read of the log comes first; most events are reported within seconds.
 */
export function createEventMemory(startedAt: Date, capacity = CAPACITY): EventMemory {
  let coveredFromMs = startedAt.getTime();
  const half = Math.ceil(capacity / 2);
  let [newer, older] = [new EventKeys(half), new EventKeys(half)];

  return {
    mayBeRecorded(event) {
      if (event.occurredAt.getTime() <= coveredFromMs) return true;
      const hash = hashOf(event);
      return newer.has(hash) || older.has(hash);
    },

    remember(event) {
      newer.add(hashOf(event), event.occurredAt.getTime());
      if (newer.size < half) return;
      // A provider's clock that is ahead must not make all later events seem old.
      const forgottenMs = Math.min(older.latestMs, Date.now());
      if (forgottenMs > coveredFromMs) coveredFromMs = forgottenMs;
      [newer, older] = [new EventKeys(half), newer];
    },
  };
}

/** Twelve bytes each. */
const CAPACITY = 200_000;

/**
 * Keys of events as 32-bit hashes: keeping the ids themselves made the garbage collector copy them,
 * a fifth of a debit's time. Two events with one hash cost a read of the log, about one event in
 * twenty thousand.
 */
class EventKeys {
  /** open addressing; 0 is an empty slot */
  readonly #slots: Uint32Array;
  readonly #mask: number;

  size = 0;
  /** the latest `occurredAt`; an event that occurred later is not here */
  latestMs = 0;

  constructor(capacity: number) {
    // At most half of the slots are used.
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(Math.max(4, 2 * capacity))));
    this.#mask = this.#slots.length - 1;
  }

  has(hash: number): boolean {
    const slot = this.#find(hash);
    // Nobody can make a search long by choosing ids: a crowded place counts as known.
    return slot === null || this.#slots[slot] === hash;
  }

  add(hash: number, occurredMs: number): void {
    if (occurredMs > this.latestMs) this.latestMs = occurredMs;
    this.size++;
    const slot = this.#find(hash);
    if (slot !== null) this.#slots[slot] = hash;
  }

  /** The slot that has the hash, or the empty one where it belongs; `null` after `MOST_PROBES`. */
  #find(hash: number): number | null {
    for (let probe = 0; probe < MOST_PROBES; probe++) {
      const slot = (hash + probe) & this.#mask;
      const found = this.#slots[slot];
      if (found === hash || found === 0) return slot;
    }
    return null;
  }
}

const MOST_PROBES = 64;

/** Differs in each process, so that ids with one hash cannot be prepared. */
const SEED = randomInt(2 ** 32 - 1);

/** FNV-1a of the id and the end of the provider's address, with mixed bits; never 0. */
function hashOf({ provider, id }: NamedEvent): number {
  let hash = SEED;
  for (let at = 0; at < id.length; at++) {
    hash = Math.imul(hash ^ id.charCodeAt(at), 16_777_619);
  }
  for (let at = provider.length - 8; at < provider.length; at++) {
    hash = Math.imul(hash ^ provider.charCodeAt(at), 16_777_619);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0 || 1;
}
