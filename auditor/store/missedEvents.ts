import type { Sql } from "@compute-credits/platform/postgres/database";
import type { ChainEvent } from "@compute-credits/rules/chain/chainEvent";
import type { EventPlace, LogEntry } from "@compute-credits/rules/log/logEntry";
import { AuditedChainEvent } from "@compute-credits/rules/log/storedJson";
import { type MissedEvent, placeKey } from "../replay/terms.ts";

/** The `placeKey`s that a page's entries `missed_events` name. */
export function placesNamed(entries: readonly LogEntry[]): readonly string[] {
  return entries.flatMap(placesOf).map(({ place }) => placeKey(place));
}

function placesOf(entry: LogEntry): { place: EventPlace; upTo: bigint }[] {
  if (entry.kind !== "missed_events") return [];
  return entry.events.map((place) => ({ place, upTo: entry.upTo }));
}

/**
 * Loads the named events, by `placeKey`, as the auditor read them. `named` are the positions of the
 * whole cut: a request is replaced by a later one only if the server had that one in time.
 */
export async function loadMissedEvents(
  sql: Sql,
  entries: readonly LogEntry[],
  named: ReadonlySet<string>,
): Promise<ReadonlyMap<string, MissedEvent>> {
  const known = new Map<string, MissedEvent>();
  for (const { place, upTo } of entries.flatMap(placesOf)) {
    // Plan: the primary key. Entries of this kind are rare, and bounded.
    // oxlint-disable-next-line no-await-in-loop -- one connection
    const [record] = await sql.query<{ body: unknown }>(
      "select body from chain_events where block_number = $1 and log_index = $2",
      [place.block, place.logIndex],
    );
    if (record === undefined) continue;
    const event = AuditedChainEvent.parse(record.body);
    // oxlint-disable-next-line no-await-in-loop
    known.set(placeKey(place), {
      event,
      isReplaced: await isReplaced(sql, event, { upTo, named }),
    });
  }
  return known;
}

async function isReplaced(
  sql: Sql,
  event: ChainEvent,
  { upTo, named }: { readonly upTo: bigint; readonly named: ReadonlySet<string> },
): Promise<boolean> {
  if (event.type !== "refund_requested") return false;
  // Plan: chain_events from the event's block on.
  const later = await sql.query<{ block: bigint; logIndex: number }>(
    `select block_number as block, log_index as "logIndex" from chain_events
     where (block_number, log_index) > ($1, $2) and block_number <= $4
       and body->>'type' = 'refund_requested' and body->>'account' = $3`,
    [event.blockNumber, event.logIndex, event.account, upTo],
  );
  return later.some((place) => !named.has(placeKey(place)));
}
