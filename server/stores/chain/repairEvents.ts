import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";
import type { EventPlace } from "@compute-credits/rules/log/logEntry";
import { MOST_MISSED_EVENTS } from "@compute-credits/rules/log/noteSchema";
import { AuditedChainEvent } from "@compute-credits/rules/log/storedJson";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { LOCKING_WORKER_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import { bytea } from "@compute-credits/platform/postgres/values";
import { writeNotes } from "../log/writeNotes.ts";
import { applyChainEvent, insertRefundRequest } from "./applyChainEvent.ts";
import { lockInOrder, partyOf, readCursor } from "./chainLocks.ts";
import { keepFeeClaim } from "./chainHistory.ts";
import { findMissed, isMissed } from "./findMissed.ts";

/** Events that an auditor replays; the others change no row. */
const LOGGED_TYPES = new Set<ChainEvent["type"]>(
  AuditedChainEvent.options.map(({ shape }) => shape.type.value),
);

/**
 * Records those of the events that the ledger lacks, in chain order, by the indexer's rules and under
 * its locks, and returns them. Changes nothing if none is missing. The events are all of a range of
 * blocks, up to the last recorded one at the most. The log gets an entry that names them.
 */
export async function repairEvents(
  database: Database,
  events: readonly ChainEvent[],
): Promise<readonly ChainEvent[]> {
  const missed = await findMissed(database, events);
  if (missed.length === 0) return [];
  // A missed event can lead to another one of the same account, or of the same checkpoint.
  const parties = new Set(missed.map(partyOf));
  const related = events.filter((event) => parties.has(partyOf(event)));

  const repair = async (tx: Sql) => {
    const cursor = await readCursor(tx, "for update");
    const newest = related.at(-1)?.blockNumber ?? 0n;
    if (newest > cursor.number) {
      throw new RangeError(`the ledger has not read block ${newest} yet: the indexer records it`);
    }
    await lockInOrder(tx, related);
    const repaired = await applyMissed(tx, related);
    await logRepair(tx, cursor.number, repaired);
    return repaired;
  };
  return await database.transaction(repair, { limits: LOCKING_WORKER_LIMITS });
}

/**
 * Applies those of the events that the ledger lacks, in chain order, and returns them. The caller
 * holds the locks of `lockInOrder`, and writes the log.
 */
export async function applyMissed(
  tx: Sql,
  events: readonly ChainEvent[],
): Promise<readonly ChainEvent[]> {
  const repaired: ChainEvent[] = [];
  for (const event of events) {
    // oxlint-disable-next-line no-await-in-loop -- the order on the chain is the order in the ledger
    if (!(await isMissed(tx, event))) continue;
    // oxlint-disable-next-line no-await-in-loop
    await repairEvent(tx, event);
    repaired.push(event);
  }
  return repaired;
}

/** Records an event, unless a later one that the ledger has took its effect already. */
async function repairEvent(tx: Sql, event: ChainEvent): Promise<void> {
  switch (event.type) {
    case "refund_requested": {
      const later = await tx.query(
        `select from refund_requests where account = $1 and (block_number, log_index) > ($2, $3)
         limit 1`,
        [bytea(event.account), event.blockNumber, event.logIndex],
      );
      // The contract took the later request because nothing was due of this one any more.
      if (later.length === 0) await applyChainEvent(tx, event);
      else await insertRefundRequest(tx, event, { served: true });
      return;
    }
    case "counter_raised": {
      const passed = await tx.query("select from accounts where address = $1 and counter > $2", [
        bytea(event.account),
        event.counter,
      ]);
      if (passed.length === 0) await applyChainEvent(tx, event);
      else {
        await tx.query(
          `insert into ended_counters (account, counter, ended_at) values ($1, $2, $3)
           on conflict (account, counter) do nothing`,
          [bytea(event.account), event.counter - 1n, event.blockTime],
        );
      }
      return;
    }
    case "fees_claimed":
      await keepFeeClaim(tx, event, "block");
      return;
    default:
      await applyChainEvent(tx, event);
  }
}

/** Last, under the locks of all changed accounts, so that the entry's log order is right for each. */
async function logRepair(tx: Sql, upTo: bigint, repaired: readonly ChainEvent[]): Promise<void> {
  const places = repaired
    .filter(({ type }) => LOGGED_TYPES.has(type))
    .map(({ blockNumber: block, logIndex }): EventPlace => ({ block, logIndex }));
  for (let from = 0; from < places.length; from += MOST_MISSED_EVENTS) {
    const part = places.slice(from, from + MOST_MISSED_EVENTS);
    // oxlint-disable-next-line no-await-in-loop -- one connection
    await writeNotes(tx, [{ kind: "missed_events", upTo, events: part }]);
  }
}
