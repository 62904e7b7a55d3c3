import type { Sql } from "@compute-credits/platform/postgres/database";
import { readClock } from "@compute-credits/platform/postgres/clock";
import { bytea } from "@compute-credits/platform/postgres/values";
import type { InsightStore, OpenHold } from "./insightStore.ts";

/**
 * Reads a provider's open holds, the next to end first. Open holds have no index by provider, which
 * each hold would pay for: this looks through the narrow rows of all until it has found enough.
 */
export async function readOpenHolds(
  sql: Sql,
  ...[provider, limit]: Parameters<InsightStore["openHolds"]>
): ReturnType<InsightStore["openHolds"]> {
  // Plan: open_holds_by_expiry in order, then holds, hold_lots and hold_parts by primary key.
  const found = await sql.query<OpenHold>(
    `select h.hold_id as id, h.spender, h.meter, h.created_at as "createdAt",
       h.expires_at as "expiresAt",
       h.held_micros + (select coalesce(sum(p.held_micros), 0)::bigint from hold_parts p
        where p.provider = h.provider and p.hold_id = h.hold_id) as "heldMicros",
       h.captured_micros + (select coalesce(sum(l.captured_micros), 0)::bigint from hold_lots l
        where l.provider = h.provider and l.hold_id = h.hold_id) as "capturedMicros"
     from open_holds o join holds h on h.provider = o.provider and h.hold_id = o.hold_id
     where o.provider = $1 order by o.expires_at, o.hold_id limit $2`,
    [bytea(provider), limit + 1],
  );
  return {
    now: await readClock(sql),
    holds: found.slice(0, limit),
    isAll: found.length <= limit,
  };
}
