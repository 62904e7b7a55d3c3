import type { ChainStore } from "@compute-credits/platform/chain/chainStore";
import type { Database, Transaction } from "@compute-credits/platform/postgres/database";
import { LOCKING_WORKER_LIMITS } from "@compute-credits/platform/postgres/sessionLimits";
import { applyChainEvent } from "./applyChainEvent.ts";
import { NOT_CLAIMED, lockInOrder, readCursor } from "./chainLocks.ts";
import { writeNotes } from "../log/writeNotes.ts";
import { bytea } from "@compute-credits/platform/postgres/values";

export function createChainStore(database: Database): ChainStore {
  return {
    cursor: () => readCursor(database),

    async chainTime() {
      const [clock] = await database.query<{ now: Date }>(
        "select greatest(clock_timestamp(), block_time) as now from chain_cursor",
      );
      if (clock === undefined) throw new Error(NOT_CLAIMED);
      return clock.now;
    },

    async frozenAt() {
      const [found] = await database.query<{ frozen_at: Date | null }>(
        "select frozen_at from chain_cursor",
      );
      return found?.frozen_at ?? null;
    },

    async recordIdle({ number, hash }, agoMs) {
      // At most one write per half second: a local chain is polled ten times a second.
      await database.query(
        `update chain_cursor
         set quiet_at = block_time + (clock_timestamp() - $3 * interval '1 ms' - seen_at)
         where block_number = $1 and block_hash = $2 and (quiet_at is null
           or quiet_at < block_time + (clock_timestamp() - seen_at) - interval '500 ms')`,
        [number, bytea(hash), agoMs],
      );
    },

    apply({ from, upTo, events }) {
      const apply = async (tx: Transaction) => {
        const { number, hash } = await readCursor(tx, "for update");
        if (number !== from.number || hash !== from.hash) return false;

        await lockInOrder(tx, events);
        for (const event of events) {
          // oxlint-disable-next-line no-await-in-loop -- the order on the chain is the order in the ledger
          await applyChainEvent(tx, event);
        }
        // Last, while the locks of all changed accounts are held, so that the note's log order is
        // right for each account.
        if (events.length > 0) {
          await writeNotes(tx, [{ kind: "blocks", from: from.number + 1n, to: upTo.number }]);
        }
        await tx.query(
          `update chain_cursor set block_number = $1, block_hash = $2, block_time = $3,
             seen_at = clock_timestamp(), quiet_at = null`,
          [upTo.number, bytea(upTo.hash), upTo.time],
        );
        return true;
      };
      return database.transaction(apply, { limits: LOCKING_WORKER_LIMITS });
    },
  };
}
