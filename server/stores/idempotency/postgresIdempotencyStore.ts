import { randomUUID } from "node:crypto";

import type { Database } from "@compute-credits/platform/postgres/database";
import {
  type ClaimOutcome,
  type ClaimedKey,
  type IdempotencyStore,
  type KeyedRequest,
  LEASE_SECONDS,
  LeaseLost,
} from "./idempotencyStore.ts";

export interface IdempotencyRules {
  /** how long an answer is kept, at least */
  readonly keepSeconds: number;
  /** keys of one holder */
  readonly maxKeys: number;
}

interface KeyRow {
  readonly isSame: boolean;
  readonly isLeased: boolean;
  readonly status: number | null;
  readonly contentType: string | null;
  readonly body: string | null;
  readonly madeId: string | null;
}

export function createIdempotencyStore(
  database: Database,
  { keepSeconds, maxKeys }: IdempotencyRules,
): IdempotencyStore {
  return {
    async claim(request) {
      const claimed = { caller: request.caller, key: request.key, lease: randomUUID() };
      if (await insert(request, claimed.lease)) return { result: "claimed", claimed };
      const found = await read(request);
      if (found === undefined) {
        // It was refused for its holder's bound, or the request that had it was just forgotten.
        const isFull = (await count(request)) >= maxKeys;
        return isFull ? { result: "full", limit: maxKeys } : { result: "in_flight" };
      }
      const known = outcomeOf(found);
      if (known !== null) return known;
      return (await takeOver(claimed)) ? { result: "claimed", claimed } : { result: "in_flight" };
    },

    fenceOf:
      ({ caller, key, lease }) =>
      async (tx) => {
        // Plan: by primary key.
        const [held] = await tx.query(
          `update idempotency_keys set applied = true
           where caller = $1 and key = $2 and lease = $3 returning key`,
          [caller, key, lease],
        );
        if (held === undefined) throw new LeaseLost("another server works on this request");
      },

    async finish({ caller, key, lease }, keeping) {
      if (keeping === null) {
        // Plan: each by primary key. They never find the same row.
        await database.query(
          `with forgotten as (
             delete from idempotency_keys
             where caller = $1 and key = $2 and lease = $3 and not applied)
           update idempotency_keys set leased_until = clock_timestamp()
           where caller = $1 and key = $2 and lease = $3 and applied`,
          [caller, key, lease],
        );
        return;
      }
      const { status, contentType, body, madeId } = { ...NOTHING, ...keeping };
      // Plan: by primary key.
      await database.query(
        `update idempotency_keys
         set status = $4, content_type = $5, body = $6, made_id = $7,
           leased_until = clock_timestamp()
         where caller = $1 and key = $2 and lease = $3`,
        [caller, key, lease, status, contentType, body, madeId],
      );
    },

    async deleteOld(limit) {
      // Plan: idempotency_keys_by_age, then by primary key.
      const deleted = await database.query(
        `delete from idempotency_keys where (caller, key) in (
           select caller, key from idempotency_keys
           where created_at < clock_timestamp() - $1 * interval '1 second'
             and leased_until < clock_timestamp()
           order by created_at limit $2 for update skip locked)
         returning key`,
        [keepSeconds, limit],
      );
      return deleted.length;
    },
  };

  /** Plan: a bounded count by idempotency_keys_of_holder, then the insert. */
  async function insert(request: KeyedRequest, lease: string): Promise<boolean> {
    const { caller, key, fingerprint, holder } = request;
    const inserted = await database.query(
      `insert into idempotency_keys (caller, key, fingerprint, holder, lease, leased_until)
       select $1, $2, $3, $4, $5::uuid, clock_timestamp() + $6 * interval '1 second'
       where (select count(*) from (
         select from idempotency_keys where holder = $4 limit $7) as held) < $7
       on conflict do nothing returning key`,
      [caller, key, fingerprint, holder, lease, LEASE_SECONDS, maxKeys],
    );
    return inserted.length > 0;
  }

  /** Plan: by primary key. Takes no lock, so it waits for no transaction of the request. */
  async function read({ caller, key, fingerprint }: KeyedRequest): Promise<KeyRow | undefined> {
    const [row] = await database.query<KeyRow>(
      `select fingerprint = $3 as "isSame", leased_until > clock_timestamp() as "isLeased",
         status, content_type as "contentType", body, made_id as "madeId"
       from idempotency_keys where caller = $1 and key = $2`,
      [caller, key, fingerprint],
    );
    return row;
  }

  async function count({ holder }: KeyedRequest): Promise<number> {
    const held = await database.query("select from idempotency_keys where holder = $1 limit $2", [
      holder,
      maxKeys,
    ]);
    return held.length;
  }

  /** Claims a key whose server crashed, or whose answer was not kept. */
  async function takeOver({ caller, key, lease }: ClaimedKey): Promise<boolean> {
    const taken = await database.query(
      `update idempotency_keys
       set lease = $3, leased_until = clock_timestamp() + $4 * interval '1 second'
       where (caller, key) = (
         select caller, key from idempotency_keys
         where caller = $1 and key = $2 and leased_until <= clock_timestamp()
           and status is null and made_id is null
         for update skip locked)
       returning key`,
      [caller, key, lease, LEASE_SECONDS],
    );
    return taken.length > 0;
  }
}

const NOTHING = { status: null, contentType: null, body: null, madeId: null };

/** What a known key answers; `null` if the request is to be handled. */
function outcomeOf(row: KeyRow): ClaimOutcome | null {
  const { status, contentType, body, madeId } = row;
  if (!row.isSame) return { result: "reused" };
  if (madeId !== null) return { result: "secret", madeId };
  if (status !== null && contentType !== null && body !== null) {
    return { result: "answered", answer: { status, contentType, body } };
  }
  return row.isLeased ? { result: "in_flight" } : null;
}
