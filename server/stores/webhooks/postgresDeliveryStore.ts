import type { Hex } from "viem";

import type { EventKind } from "@compute-credits/api/webhooks/eventKinds";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { withRetries } from "@compute-credits/platform/postgres/retry";
import { numberArray, textArray } from "@compute-credits/platform/postgres/values";
import { FAILING_SECONDS } from "@compute-credits/rules/webhooks/retries";
import type {
  Attempt,
  AttemptOutcome,
  ClaimOptions,
  DeliveryStore,
  ListedDelivery,
} from "./deliveryStore.ts";

export function createDeliveryStore(database: Database): DeliveryStore {
  return {
    async fanOut(most) {
      const fannedOut = await database.query(FAN_OUT, [most]);
      return fannedOut.length;
    },

    claim: (options) => claim(database, options),

    // Deleting the endpoint locks the same rows in another order.
    finish: (attempt, outcome) =>
      withRetries(() => database.transaction((tx) => finish(tx, attempt, outcome))),

    async giveBack(attempts) {
      if (attempts.length === 0) return;
      await database.query(
        `update webhook_deliveries d set attempts = d.attempts - 1, next_at = clock_timestamp()
         from unnest($1::bigint[], $2::bigint[]) as given (id, attempt)
         where d.id = given.id and d.attempts = given.attempt and d.state = 'waiting'`,
        [
          numberArray(attempts.map(({ id }) => id)),
          numberArray(attempts.map(({ attempt }) => attempt)),
        ],
      );
    },

    async list(endpoint, { before, limit }) {
      // Plan: webhook_deliveries_of_endpoint backwards.
      return await database.query<ListedDelivery>(
        `select d.id, d.event as "eventId", e.kind as type, e.occurred_at as "occurredAt", d.state,
           d.attempts, case when d.state = 'waiting' then d.next_at end as "nextAt",
           d.last_at as "lastAt", d.last_status as "lastStatus", d.last_error as "lastError"
         from webhook_deliveries d join webhook_events e on e.id = d.event
         where d.endpoint = $1 and ($2::bigint is null or d.id < $2)
         order by d.id desc limit $3`,
        [endpoint, before, limit],
      );
    },

    async replay(endpoint, eventId) {
      const replayed = await database.query(replaySql("ev.id = $2::uuid limit 1"), [
        endpoint,
        eventId,
      ]);
      return replayed.length > 0;
    },

    async replaySince(endpoint, since, most) {
      const replayed = await database.query<{ occurredAt: Date }>(
        replaySql("ev.occurred_at >= $2::timestamptz order by ev.occurred_at, ev.seq limit $3"),
        [endpoint, since, most],
      );
      const last = replayed.reduce((latest, { occurredAt }) => Math.max(latest, +occurredAt), 0);
      const hasMore = replayed.length === most;
      return { replayed: replayed.length, nextSince: hasMore ? new Date(last) : null };
    },

    async test(endpoint, mostWaiting) {
      const [made] = await database.query<{ id: string }>(
        `insert into webhook_events (kind, party, owner, endpoint, body)
         select 'webhook.test', party, owner, id, jsonb_build_object('webhook', id)
         from webhook_endpoints where id = $1 and $2 > (select count(*) from (
           select from webhook_deliveries where endpoint = $1 and state = 'waiting' limit $2) as queued)
         returning id`,
        [endpoint, mostWaiting],
      );
      return made?.id ?? null;
    },

    async deleteOld(keepSeconds, most) {
      // Plan: webhook_events_by_time; deliveries by their unique key.
      const deleted = await database.query(
        `delete from webhook_events where id in (select id from webhook_events
           where occurred_at < clock_timestamp() - make_interval(secs => $1)
           order by occurred_at, seq limit $2) returning id`,
        [keepSeconds, most],
      );
      return deleted.length;
    },
  };
}

/** SQL: is the event `ev` for the endpoint `e`, which names its kind? */
const IS_FOR = `(ev.endpoint = e.id or (ev.endpoint is null and ev.kind = any (e.kinds)
  and (ev.party is null or (ev.party = e.party and ev.owner is not distinct from e.owner))))`;

/**
 * Events that another server works on are left to it. Each event joins its own endpoint, those of
 * its owner (webhook_endpoints_of_owner), or all that name its kind.
 */
const FAN_OUT = `with due as (
    select * from webhook_events where not fanned_out order by seq limit $1 for update skip locked
  ), targets as (
    select ev.id as event, e.id as endpoint from due ev join webhook_endpoints e on e.id = ev.endpoint
      where e.disabled_at is null
    union all
    select ev.id, e.id from due ev join webhook_endpoints e on e.owner = ev.owner
      where ev.endpoint is null and e.party = ev.party and ev.kind = any (e.kinds)
        and e.disabled_at is null
    union all
    select ev.id, e.id from due ev join webhook_endpoints e on ev.kind = any (e.kinds)
      where ev.endpoint is null and ev.owner is null and (ev.party is null or e.party = ev.party)
        and e.disabled_at is null
  ), made as (
    insert into webhook_deliveries (event, endpoint) select event, endpoint from targets
      on conflict do nothing
  )
  update webhook_events set fanned_out = true where id in (select id from due) returning id`;

interface AttemptRecord {
  readonly id: bigint;
  readonly attempt: number;
  readonly endpoint: string;
  readonly url: string;
  readonly secret: Hex;
  readonly secret_key: string;
  readonly old_secret: Hex | null;
  readonly old_secret_key: string | null;
  readonly event: string;
  readonly kind: EventKind;
  readonly occurred_at: Date;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Hops from endpoint to endpoint over webhook_deliveries_waiting, so that thousands of deliveries
 * of one that fails are not read, and takes one delivery of each.
 */
const CLAIM = `with recursive waiting as (
    (select endpoint from webhook_deliveries where state = 'waiting' order by endpoint limit 1)
    union all
    select (select d.endpoint from webhook_deliveries d
        where d.state = 'waiting' and d.endpoint > w.endpoint order by d.endpoint limit 1)
      from waiting w where w.endpoint is not null
  ), due as (
    select d.id, d.next_at, e.failing_since is not null as is_failing
    from waiting w join webhook_endpoints e on e.id = w.endpoint
      cross join lateral (select id, next_at from webhook_deliveries
        where endpoint = w.endpoint and state = 'waiting' and next_at <= clock_timestamp()
        order by next_at limit 1 for update skip locked) d
    where e.disabled_at is null and e.id <> all ($1::uuid[])
  ), ranked as (
    select id, next_at, is_failing,
      row_number() over (partition by is_failing order by next_at) as place from due
  ), chosen as (
    select id from ranked where not is_failing or place <= $3 order by is_failing, next_at limit $2
  )
  update webhook_deliveries d
  set attempts = d.attempts + 1, next_at = clock_timestamp() + make_interval(secs => $4)
  from chosen join webhook_deliveries using (id)
    join webhook_endpoints e on e.id = webhook_deliveries.endpoint
    join webhook_events ev on ev.id = webhook_deliveries.event
  where d.id = chosen.id
  returning d.id, d.attempts as attempt, e.id as endpoint, e.url, e.secret, e.secret_key,
    case when e.old_secret_until > clock_timestamp() then e.old_secret end as old_secret,
    e.old_secret_key, ev.id as event, ev.kind, ev.occurred_at, ev.body`;

async function claim(
  sql: Sql,
  { most, mostFailing, busy, leaseSeconds }: ClaimOptions,
): Promise<readonly Attempt[]> {
  const records = await sql.query<AttemptRecord>(CLAIM, [
    textArray(busy),
    most,
    mostFailing,
    leaseSeconds,
  ]);
  return records.map((record) => {
    const { id, attempt, endpoint, url, secret, secret_key: keyId } = record;
    const { old_secret: oldSecret, old_secret_key: oldKeyId } = record;
    const { event, kind, occurred_at: occurredAt, body } = record;
    return {
      id,
      attempt,
      endpoint,
      url,
      secrets: [
        { bytes: secret, keyId },
        ...(oldSecret === null || oldKeyId === null ? [] : [{ bytes: oldSecret, keyId: oldKeyId }]),
      ],
      event: { id: event, kind, occurredAt, body },
    };
  });
}

const ERROR_CHARACTERS = 200;

async function finish(
  tx: Sql,
  { id, attempt }: Pick<Attempt, "id" | "attempt">,
  outcome: AttemptOutcome,
): Promise<void> {
  const isRetried = outcome.result === "failed" && outcome.retryInSeconds !== null;
  const state = outcome.result === "delivered" ? "delivered" : isRetried ? "waiting" : "failed";
  const error =
    outcome.result === "failed"
      ? outcome.error.slice(0, ERROR_CHARACTERS)
      : outcome.result === "gone"
        ? "it answered 410: it wants no more events"
        : null;
  const [finished] = await tx.query<{ endpoint: string }>(
    `update webhook_deliveries set state = $3, last_status = $4, last_error = $5,
       last_at = clock_timestamp(),
       next_at = clock_timestamp() + make_interval(secs => $6)
     where id = $1 and attempts = $2 and state = 'waiting' returning endpoint`,
    [
      id,
      attempt,
      state,
      outcome.status,
      error,
      outcome.result === "failed" ? (outcome.retryInSeconds ?? 0) : 0,
    ],
  );
  if (finished === undefined) return;
  const { endpoint } = finished;
  if (outcome.result === "delivered") {
    await tx.query(
      `update webhook_endpoints set failing_since = null
       where id = $1 and failing_since is not null`,
      [endpoint],
    );
    return;
  }
  await tx.query(
    `update webhook_endpoints set failing_since = coalesce(failing_since, clock_timestamp()),
       disabled_at = coalesce(disabled_at, case when $2 or ${IS_DEAD} then clock_timestamp() end),
       disabled_as = coalesce(disabled_as,
         case when $2 then 'gone' when ${IS_DEAD} then 'failing' end)
     where id = $1`,
    [endpoint, outcome.result === "gone"],
  );
}

const IS_DEAD = `failing_since < clock_timestamp() - interval '${FAILING_SECONDS} seconds'`;

/** SQL: makes waiting deliveries of kept events of the endpoint `$1`, also of delivered ones. */
function replaySql(which: string): string {
  return `with chosen as (
      select ev.id, ev.occurred_at from webhook_events ev join webhook_endpoints e on e.id = $1::uuid
      where ${IS_FOR} and ev.fanned_out and ${which}
    ), again as (
      insert into webhook_deliveries as d (event, endpoint) select id, $1::uuid from chosen
        on conflict (event, endpoint) do update set state = 'waiting', attempts = 0,
          next_at = clock_timestamp()
    )
    select occurred_at as "occurredAt" from chosen`;
}
