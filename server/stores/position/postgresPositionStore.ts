import type { Database } from "@compute-credits/platform/postgres/database";
import { byteaArray, textArray } from "@compute-credits/platform/postgres/values";
import type { Acknowledged } from "./acknowledged.ts";
import type { PositionStore, RecordedStop } from "./positionStore.ts";

/** The name of a log file begins with the timeline, in eight hex digits. */
const TIMELINE = "('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int";

/** A query by itself takes a millisecond. Silence stops metering, until the next look. */
const ANSWER_WITHIN_MS = 2_000;

export function createPositionStore(database: Database): PositionStore {
  return {
    async reach() {
      await database.check(ANSWER_WITHIN_MS);
    },

    onLost: (listener) => database.onLost(listener),

    async read() {
      // The log on disk, because what is only in memory may go back in a crash, unacknowledged.
      const [found] = await database.query<{ timeline: number; lsn: bigint; block: bigint }>(
        `select ${TIMELINE} as timeline, (pg_current_wal_flush_lsn() - '0/0')::bigint as lsn,
           block_number as block from chain_cursor`,
      );
      if (found === undefined) throw new Error("the database is not bound to a deployment yet");
      return found;
    },

    async missing(acknowledged) {
      const [debits, holds] = [
        await missingIn(database, "debits", "event_id", ofKind(acknowledged, "debit")),
        await missingIn(database, "holds", "hold_id", ofKind(acknowledged, "hold")),
      ];
      return [...debits, ...holds];
    },

    async stop() {
      const [found] = await database.query<RecordedStop>(
        `select message, stopped_at as "stoppedAt" from metering_stop`,
      );
      return found ?? null;
    },

    async recordStop(message) {
      await database.query(
        "insert into metering_stop (message) values ($1) on conflict do nothing",
        [message],
      );
    },

    async endStop() {
      await database.query("delete from metering_stop");
    },
  };
}

function ofKind(all: readonly Acknowledged[], kind: Acknowledged["kind"]) {
  return all.filter((one) => one.kind === kind);
}

/** Plan: the table's primary key, or its first columns, for at most 64 keys. */
async function missingIn(
  database: Database,
  table: "debits" | "holds",
  id: "event_id" | "hold_id",
  keys: readonly Acknowledged[],
): Promise<readonly Acknowledged[]> {
  if (keys.length === 0) return [];
  const gone = await database.query<{ place: bigint }>(
    `select place from unnest($1::bytea[], $2::text[]) with ordinality as key (provider, id, place)
     where not exists (select from ${table} t where t.provider = key.provider and t.${id} = key.id)
     order by place`,
    [byteaArray(keys.map(({ provider }) => provider)), textArray(keys.map((key) => key.id))],
  );
  return gone.flatMap(({ place }) => keys[Number(place) - 1] ?? []);
}
