import type { Address, Hex } from "viem";

import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { bytea } from "@compute-credits/platform/postgres/values";
import type {
  MinedEnd,
  NewPolicy,
  OpenTopUp,
  PolicyRefusal,
  StoppedAs,
  StoredPolicy,
  TopUp,
  TopUpStore,
} from "./topUpStore.ts";

/** A policy waits so long after a refusal, doubled with each, up to an hour. */
const FIRST_WAIT_SECONDS = 60;
const MOST_WAIT_SECONDS = 3_600;

/** So many refusals in a row stop a policy: about six hours. */
export const MOST_REFUSALS = 10;

const REFUSAL_CHARACTERS = 500;

interface PolicyRecord {
  readonly id: Hex;
  readonly account: Address;
  readonly payer: Address;
  readonly keeper: Address;
  readonly per_top_up: bigint;
  readonly per_period: bigint;
  readonly period_seconds: bigint;
  readonly starts_at: bigint;
  readonly expires_at: bigint;
  readonly salt: string;
  readonly signature: Hex;
  readonly below_micros: bigint;
  readonly runway_below_seconds: bigint | null;
  readonly target_micros: bigint;
  readonly added_at: Date;
  readonly is_filling: boolean;
  readonly begun: number;
  readonly refusals: number;
  readonly refused_at: Date | null;
  readonly refusal: string | null;
  readonly waits_until: Date | null;
  readonly stopped_at: Date | null;
  readonly stopped_as: StoppedAs | null;
}

const POLICY_COLUMNS = `id, account, payer, keeper, per_top_up, per_period, period_seconds, starts_at,
  expires_at, salt::text, signature, below_micros, runway_below_seconds, target_micros, added_at,
  is_filling, begun, refusals, refused_at, refusal,
  case when retry_at > clock_timestamp() then retry_at end as waits_until, stopped_at, stopped_as`;

const TOP_UP_COLUMNS = `policy, number, wallet, nonce, begun_at as "begunAt", attempts,
  sent_at as "sentAt", state, transaction_hash as "transactionHash",
  block_number as "blockNumber", ended_at as "endedAt"`;

export function createTopUpStore(database: Database): TopUpStore {
  return {
    add: (policy, most) => database.transaction((tx) => add(tx, policy, most)),

    async policiesOf(account) {
      const records = await database.query<PolicyRecord>(
        // Plan: top_up_policies_of_account.
        `select ${POLICY_COLUMNS} from top_up_policies where account = $1 order by added_at, id`,
        [bytea(account)],
      );
      return records.map(toPolicy);
    },

    async policy(id) {
      const [record] = await database.query<PolicyRecord>(
        `select ${POLICY_COLUMNS} from top_up_policies where id = $1`,
        [bytea(id)],
      );
      return record === undefined ? null : toPolicy(record);
    },

    async topUpsOf(policies, each) {
      return await database.query<TopUp>(
        `select t.* from unnest($1::bytea[]) as p (id) cross join lateral (
           select ${TOP_UP_COLUMNS} from top_ups where policy = p.id order by number desc limit $2
         ) t`,
        [policies.map(bytea), each],
      );
    },

    async stop(account, id) {
      const [record] = await database.query<PolicyRecord>(
        `update top_up_policies set stopped_at = coalesce(stopped_at, clock_timestamp()),
           stopped_as = coalesce(stopped_as, 'owner')
         where id = $1 and account = $2 returning ${POLICY_COLUMNS}`,
        [bytea(id), bytea(account)],
      );
      return record === undefined ? null : toPolicy(record);
    },

    async takeDue(keeper, most, afterSeconds) {
      const records = await database.query<PolicyRecord>(
        // Plan: top_up_policies_by_look, from its oldest end.
        `update top_up_policies set checked_at = clock_timestamp()
         where id in (select id from top_up_policies p
           where keeper = $1 and stopped_at is null and retry_at <= clock_timestamp()
             and checked_at < clock_timestamp() - make_interval(secs => $3)
             and starts_at <= extract(epoch from clock_timestamp())
             and not exists (select from top_ups where policy = p.id and state = 'open')
           order by checked_at limit $2 for update skip locked)
         returning ${POLICY_COLUMNS}`,
        [bytea(keeper), most, afterSeconds],
      );
      return records.map(toPolicy);
    },

    async rest({ id, begun }) {
      await database.query(
        "update top_up_policies set is_filling = false where id = $1 and begun = $2 and is_filling",
        [bytea(id), begun],
      );
    },

    async begin({ id, begun }, { wallet, nonce }) {
      const rows = await database.query(
        // The first lock decides between two keepers; the nonce's key between two policies.
        `with decided as (
           update top_up_policies set begun = begun + 1, is_filling = true
           where id = $1 and begun = $2 and stopped_at is null
             and not exists (select from top_ups where wallet = $3 and nonce = $4)
             and not exists (select from top_ups where policy = $1 and state = 'open')
           returning begun
         )
         insert into top_ups (policy, number, wallet, nonce) select $1, begun, $3, $4 from decided
         on conflict do nothing returning number`,
        [bytea(id), begun, bytea(wallet), nonce],
      );
      return rows.length > 0;
    },

    async open(wallet) {
      return await database.query<OpenTopUp>(
        // Plan: top_ups_open_of_wallet.
        `select ${TOP_UP_COLUMNS} from top_ups where wallet = $1 and state = 'open' order by nonce`,
        [bytea(wallet)],
      );
    },

    async reserve({ policy, number }, patienceMs) {
      const rows = await database.query(
        `update top_ups set attempts = attempts + 1, sent_at = clock_timestamp()
         where policy = $1 and number = $2 and state = 'open' and (sent_at is null
           or sent_at <= clock_timestamp() - make_interval(secs => $3::double precision / 1000))
         returning number`,
        [bytea(policy), number, patienceMs],
      );
      return rows.length > 0;
    },

    async release({ policy, number }, state) {
      const rows = await database.query(
        `update top_ups set state = $3, nonce = null, ended_at = clock_timestamp()
         where policy = $1 and number = $2 and state = 'open' and attempts = 0 returning number`,
        [bytea(policy), number, state],
      );
      return rows.length > 0;
    },

    end: (topUp, ended) => database.transaction((tx) => end(tx, topUp, ended)),
    refused: (id, refusal) => database.transaction((tx) => refused(tx, id, refusal)),
  };
}

async function add(tx: Sql, policy: NewPolicy, most: number): Promise<StoredPolicy | null> {
  const { id, message, signature, terms } = policy;
  // Policies of one account are added one by one, so that the count is right.
  await tx.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [
    `top-up policies of ${message.account}`,
  ]);
  const [known] = await tx.query<PolicyRecord>(
    `select ${POLICY_COLUMNS} from top_up_policies where id = $1`,
    [bytea(id)],
  );
  if (known !== undefined) return toPolicy(known);
  const [added] = await tx.query<PolicyRecord>(
    `insert into top_up_policies (id, account, payer, keeper, per_top_up, per_period, period_seconds,
       starts_at, expires_at, salt, signature, below_micros, runway_below_seconds, target_micros)
     select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14
     where (select count(*) from top_up_policies where account = $2 and stopped_at is null) < $15
     returning ${POLICY_COLUMNS}`,
    [
      bytea(id),
      bytea(message.account),
      bytea(message.payer),
      bytea(message.keeper),
      message.creditMicrosPerTopUp,
      message.maxCreditMicrosPerPeriod,
      message.periodSeconds,
      message.startsAt,
      message.expiresAt,
      message.salt.toString(),
      bytea(signature),
      terms.belowMicros,
      terms.runwayBelowSeconds,
      terms.targetMicros,
      most,
    ],
  );
  return added === undefined ? null : toPolicy(added);
}

async function end(
  tx: Sql,
  { policy, number }: OpenTopUp,
  { state, transactionHash, blockNumber }: MinedEnd,
): Promise<void> {
  const rows = await tx.query(
    `update top_ups set state = $3, transaction_hash = $4, block_number = $5,
       ended_at = clock_timestamp()
     where policy = $1 and number = $2 and state = 'open' returning number`,
    [
      bytea(policy),
      number,
      state,
      transactionHash === null ? null : bytea(transactionHash),
      blockNumber,
    ],
  );
  if (rows.length === 0 || state !== "bought") return;
  await tx.query(
    `with bought as (
       update top_up_policies set refusals = 0, refused_at = null, refusal = null,
         retry_at = '-infinity', checked_at = '-infinity' where id = $1
       returning account, id, per_top_up
     )
     select webhook_event('top_up.bought', 'account', account, jsonb_build_object(
       'account', '0x' || encode(account, 'hex'), 'policy', '0x' || encode(id, 'hex'),
       'creditMicros', per_top_up::text, 'transactionHash', $2::text)) from bought`,
    [bytea(policy), transactionHash],
  );
}

async function refused(tx: Sql, id: Hex, { message, stop, until }: PolicyRefusal): Promise<void> {
  await tx.query(
    `with told as (
       update top_up_policies set refusals = refusals + 1, refused_at = clock_timestamp(),
         refusal = $2,
         retry_at = coalesce($4, clock_timestamp() + make_interval(
           secs => least($5 * power(2, least(refusals, 20)), $6))),
         stopped_as = coalesce($3, case when refusals + 1 >= $7 then 'refusals' end),
         stopped_at = case when $3::text is not null or refusals + 1 >= $7
           then clock_timestamp() end
       where id = $1 and stopped_at is null
       returning account, id, refusals, stopped_as
     )
     select webhook_event('top_up.refused', 'account', account, jsonb_build_object(
       'account', '0x' || encode(account, 'hex'), 'policy', '0x' || encode(id, 'hex'),
       'message', $2::text, 'stoppedAs', stopped_as))
     from told where refusals = 1 or stopped_as is not null`,
    [
      bytea(id),
      message.slice(0, REFUSAL_CHARACTERS),
      stop,
      until,
      FIRST_WAIT_SECONDS,
      MOST_WAIT_SECONDS,
      MOST_REFUSALS,
    ],
  );
}

function toPolicy(record: PolicyRecord): StoredPolicy {
  return {
    id: record.id,
    message: {
      account: record.account,
      payer: record.payer,
      keeper: record.keeper,
      creditMicrosPerTopUp: record.per_top_up,
      maxCreditMicrosPerPeriod: record.per_period,
      periodSeconds: record.period_seconds,
      startsAt: record.starts_at,
      expiresAt: record.expires_at,
      salt: BigInt(record.salt),
    },
    signature: record.signature,
    terms: {
      perTopUpMicros: record.per_top_up,
      belowMicros: record.below_micros,
      runwayBelowSeconds: record.runway_below_seconds,
      targetMicros: record.target_micros,
    },
    addedAt: record.added_at,
    isFilling: record.is_filling,
    begun: record.begun,
    refusals: record.refusals,
    refusedAt: record.refused_at,
    refusal: record.refusal,
    retryAt: record.waits_until,
    stoppedAt: record.stopped_at,
    stoppedAs: record.stopped_as,
  };
}
