import type { Address } from "viem";

import type { HoldStore } from "../holds/holdStore.ts";
import type { UsageLedger } from "../usage/usageLedger.ts";

/** Something that this server told a client was done, so the database has it for good. */
export interface Acknowledged {
  readonly kind: "debit" | "hold";
  readonly provider: Address;
  readonly id: string;
  /** when it was, in milliseconds since 1970 */
  readonly atMs: number;
}

/**
 * The newest answers. A database that has them all has lost nothing from before them: it keeps the
 * order of commits, and these were committed about last.
 */
export interface AcknowledgedMemory {
  remember(one: Omit<Acknowledged, "atMs">): void;
  newest(): readonly Acknowledged[];
}

/** More than commits run at once, so that the last of them is among these. */
const NEWEST = 64;

export function createAcknowledgedMemory(now: () => number = () => Date.now()): AcknowledgedMemory {
  const ring: Acknowledged[] = [];
  let next = 0;
  return {
    remember(one) {
      ring[next] = { ...one, atMs: now() };
      next = (next + 1) % NEWEST;
    },
    newest: () => [...ring],
  };
}

/** Remembers what the ledger debits. Repeated events were debited before. */
export function rememberDebits(ledger: UsageLedger, memory: AcknowledgedMemory): UsageLedger {
  return {
    async record(events, asOfRevocations) {
      const outcomes = await ledger.record(events, asOfRevocations);
      // Only the newest fit, so a long batch costs no more than a short one.
      for (let index = Math.max(0, events.length - NEWEST); index < events.length; index++) {
        const [event, outcome] = [events[index], outcomes[index]];
        if (event === undefined || outcome?.result !== "debited") continue;
        memory.remember({ kind: "debit", provider: event.provider, id: event.id });
      }
      return outcomes;
    },
    void: (event) => ledger.void(event),
  };
}

/** Remembers what is held and captured. */
export function rememberHolds(holds: HoldStore, memory: AcknowledgedMemory): HoldStore {
  return {
    ...holds,
    async authorize(request, asOfRevocations) {
      const outcome = await holds.authorize(request, asOfRevocations);
      if (outcome.result === "held") {
        memory.remember({ kind: "hold", provider: request.provider, id: request.id });
      }
      return outcome;
    },
    async capture(request, asOfRevocations) {
      const outcome = await holds.capture(request, asOfRevocations);
      if (outcome.result === "captured") {
        for (const { eventId: id } of outcome.lines) {
          memory.remember({ kind: "debit", provider: request.provider, id });
        }
      }
      return outcome;
    },
  };
}
