import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { CHECKPOINT_COLUMNS } from "../checkpoints/postgresCheckpointStore.ts";
import { newestRowSql } from "../checkpoints/rowsAt.ts";
import type { NoticeStore, OnAlarm, RunwayLook } from "./noticeStore.ts";

export function createNoticeStore(database: Database): NoticeStore {
  return {
    tellFinal: () => database.transaction(tellFinal),
    tellExpiring: (most) => database.transaction((tx) => tellExpiring(tx, most)),

    async runwaysToLookAt(most, afterSeconds) {
      return await database.query<RunwayLook>(
        `update webhook_endpoints set runway_checked_at = clock_timestamp()
         where id in (select id from webhook_endpoints
           where runway_seconds is not null and disabled_at is null
             and runway_checked_at < clock_timestamp() - make_interval(secs => $2)
           order by runway_checked_at limit $1 for update skip locked)
         returning id as endpoint, owner as account, runway_seconds as "belowSeconds"`,
        [most, afterSeconds],
      );
    },

    async tellRunway({ endpoint, belowSeconds }, secondsToZero) {
      const isShort = secondsToZero !== null && secondsToZero < belowSeconds;
      await database.query(
        `with crossed as (
           update webhook_endpoints set is_short = $2
             where id = $1 and is_short <> $2 and runway_seconds = $3
             returning id, owner, kinds, is_short
         )
         insert into webhook_events (kind, party, owner, endpoint, body)
         select 'runway.short', 'account', owner, id, jsonb_build_object(
           'account', '0x' || encode(owner, 'hex'), 'secondsToZero', $4::text,
           'belowSeconds', $3::bigint::text)
         from crossed where is_short and 'runway.short' = any (kinds)`,
        [endpoint, isShort, belowSeconds, secondsToZero?.toString() ?? null],
      );
    },

    tellAlarms: (on, endAfterSeconds) =>
      database.transaction((tx) => tellAlarms(tx, on, endAfterSeconds)),
  };
}

/** Checkpoints are final minutes apart; after a pause of the server a few are new. */
const FINAL_PER_STEP = 10;

async function tellFinal(tx: Sql): Promise<number> {
  const [told] = await tx.query<{ checkpoint: bigint }>(
    "select checkpoint from webhook_final for update",
  );
  if (told === undefined) {
    // Nobody wants to hear of all that became final before there were webhooks.
    await tx.query(
      `insert into webhook_final (checkpoint) select coalesce(max(id), 0)
       from (select ${CHECKPOINT_COLUMNS} from checkpoints) as all_checkpoints
       where status = 'final' on conflict do nothing`,
    );
    return 0;
  }
  const finals = await tx.query<{ id: bigint }>(
    // Plan: checkpoints by primary key.
    `select id from (select ${CHECKPOINT_COLUMNS} from checkpoints where id > $1) as new
     where status = 'final' order by id limit $2`,
    [told.checkpoint, FINAL_PER_STEP],
  );
  let previous = told.checkpoint;
  for (const { id } of finals) {
    // oxlint-disable-next-line no-await-in-loop -- on one connection
    await tx.query(
      `select webhook_event('checkpoint.final', null, null, webhook_checkpoint_body(c))
       from checkpoints c where id = $1`,
      [id],
    );
    // oxlint-disable-next-line no-await-in-loop -- as above
    await tx.query(CLAIMABLE, [id, previous]);
    previous = id;
  }
  if (previous > told.checkpoint) {
    await tx.query("update webhook_final set checkpoint = $1", [previous]);
  }
  return finals.length;
}

/**
 * SQL: tells the parties whose row changed in a final checkpoint, and is ahead of the contract's.
 * Plan: all endpoints, then places and rows by key.
 */
const CLAIMABLE = `insert into webhook_events (kind, party, owner, endpoint, body)
  select 'settlement.claimable', e.party, e.owner, e.id, jsonb_build_object(
    'party', '0x' || encode(e.owner, 'hex'), 'epoch', c.epoch::text,
    'earnedMicros', greatest(due.earned - coalesce(s.earned, 0), 0)::text,
    'refundedMicros', greatest(due.refunded - coalesce(s.refunded, 0), 0)::text)
  from webhook_endpoints e join places p on p.party = e.owner
    join checkpoints c on c.id = $1
    cross join lateral ${newestRowSql("p.place", "$1")} as due
    left join settlements s on s.party = e.owner
  where 'settlement.claimable' = any (e.kinds)
    and (due.earned > coalesce(s.earned, 0) or due.refunded > coalesce(s.refunded, 0))
    and exists (select from checkpoint_rows r
      where r.place = p.place and r.checkpoint > $2 and r.checkpoint <= $1)`;

/** SQL: seconds since 1970, by the database's clock. */
const NOW = "floor(extract(epoch from clock_timestamp()))::numeric";

/** Each endpoint is looked at once a minute. */
const LOOK_SECONDS = 60;

async function tellExpiring(tx: Sql, most: number): Promise<number> {
  const looked = await tx.query<{ id: string }>(
    // Plan: allowances_by_end, for each endpoint the ends since the last look.
    `with chosen as (
       select id, owner, kinds, expiring_until as since, ${NOW} + expiring_seconds as until
       from webhook_endpoints
       where expiring_until < ${NOW} + expiring_seconds - ${LOOK_SECONDS} and disabled_at is null
       order by expiring_until limit $1 for update skip locked
     ), told as (
       insert into webhook_events (kind, party, owner, endpoint, body)
       select 'allowance.expiring', 'account', c.owner, c.id, jsonb_build_object(
         'account', '0x' || encode(c.owner, 'hex'), 'allowance', '0x' || encode(a.id, 'hex'),
         'spender', '0x' || encode(a.spender, 'hex'), 'expiresAt', a.expires_at::text)
       from chosen c join signed_allowances a on a.account = c.owner
         join allowance_usage u on u.id = a.id join accounts on address = c.owner
       where a.campaign is null and a.expires_at > 0 and a.expires_at > c.since
         and a.expires_at <= c.until and (a.accepted or a.issued_count > 0)
         and u.revoked_at is null and a.counter = accounts.counter
     )
     update webhook_endpoints e set expiring_until = chosen.until from chosen
     where e.id = chosen.id returning e.id`,
    [most],
  );
  return looked.length;
}

async function tellAlarms(tx: Sql, on: readonly OnAlarm[], endAfterSeconds: number): Promise<void> {
  if (on.length > 0) {
    await tx.query(
      `with raised as (
         insert into webhook_alarms (name, message)
           select name, message from jsonb_to_recordset($1::jsonb) as one (name text, message text)
           order by name
         on conflict (name) do update set seen_at = clock_timestamp(), message = excluded.message
         returning name, message, xmax = 0 as is_new
       )
       select webhook_event('alarm.raised', 'operator', null,
         jsonb_build_object('name', name, 'message', message)) from raised where is_new`,
      [jsonText(on)],
    );
  }
  await tx.query(
    `with ended as (
       delete from webhook_alarms where seen_at < clock_timestamp() - make_interval(secs => $1)
         returning name, message
     )
     select webhook_event('alarm.ended', 'operator', null,
       jsonb_build_object('name', name, 'message', message)) from ended`,
    [endAfterSeconds],
  );
}
