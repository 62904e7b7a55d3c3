import { randomUUID } from "node:crypto";

import type { Address, Hex } from "viem";

import { WEBHOOKS } from "@compute-credits/api/bounds";
import { isNamedKind } from "@compute-credits/api/webhooks/eventKinds";
import { ADVISORY_LOCK } from "@compute-credits/platform/postgres/advisoryLocks";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { withRetries } from "@compute-credits/platform/postgres/retry";
import { bytea, numberArray, textArray } from "@compute-credits/platform/postgres/values";
import { type SealedSecret, type SecretSealer, newWebhookSecret } from "./sealedSecrets.ts";
import type {
  CreateOutcome,
  Webhook,
  WebhookOwner,
  WebhookStore,
  WebhookTerms,
} from "./webhookStore.ts";

const COLUMNS = `id, party, owner, url, description, kinds, low_micros, is_low, runway_seconds,
  is_short, array_to_string(budget_percents, ',') as budget_percents, expiring_seconds, created_at,
  case when old_secret_until > clock_timestamp() then old_secret_until end as old_secret_until,
  failing_since, disabled_at, disabled_as`;

interface WebhookRecord {
  readonly id: string;
  readonly party: WebhookOwner["party"];
  readonly owner: Address | null;
  readonly url: string;
  readonly description: string;
  readonly kinds: readonly string[];
  readonly low_micros: bigint | null;
  readonly is_low: boolean;
  readonly runway_seconds: bigint | null;
  readonly is_short: boolean;
  readonly budget_percents: string | null;
  readonly expiring_seconds: bigint | null;
  readonly created_at: Date;
  readonly old_secret_until: Date | null;
  readonly failing_since: Date | null;
  readonly disabled_at: Date | null;
  readonly disabled_as: Webhook["disabledAs"];
}

/** SQL: what a request chose, as parameters from `$first` on, in the order of `termsOf`. */
const TERM_COLUMNS = [
  "url",
  "description",
  "kinds",
  "low_micros",
  "runway_seconds",
  "budget_percents",
  "expiring_seconds",
] as const;

/** `most` bounds the endpoints of all owners together. */
export function createWebhookStore(
  database: Database,
  sealer: SecretSealer,
  { most }: { readonly most: number },
): WebhookStore {
  return {
    create: (owner, terms) =>
      database.transaction((tx) => create(tx, { owner, terms, sealer, most })),

    async ofOwner({ party, address }) {
      // Plan: webhook_endpoints_of_owner; the operator's few are found by a null.
      const records = await database.query<WebhookRecord>(
        `select ${COLUMNS} from webhook_endpoints where party = $1 and owner is not distinct from $2
         order by created_at, id limit $3`,
        [party, address === null ? null : bytea(address), WEBHOOKS.perOwner],
      );
      return records.map(toWebhook);
    },

    find: (id) => readWebhook(database, id),

    update: ({ id, owner }, terms, enabled) =>
      database.transaction(async (tx) => {
        await lockAccount(tx, owner);
        const [updated] = await tx.query<WebhookRecord>(
          `update webhook_endpoints set (${TERM_COLUMNS.join(", ")}) =
             row($2, $3, $4::text[], $5::bigint, $6::bigint, $7::smallint[], $8::bigint),
             is_low = is_low and low_micros is not distinct from $5::bigint,
             is_short = is_short and runway_seconds is not distinct from $6::bigint,
             expiring_until = case when expiring_seconds is null then ${NOW_SECONDS}
               else expiring_until end,
             disabled_at = case when $9::boolean then null
               when not $9 then coalesce(disabled_at, clock_timestamp()) else disabled_at end,
             disabled_as = case when $9 then null
               when not $9 then coalesce(disabled_as, 'owner') else disabled_as end,
             failing_since = case when $9 then null else failing_since end
           where id = $1 returning ${COLUMNS}`,
          [id, ...valuesOf(terms), enabled ?? null],
        );
        if (updated === undefined) return null;
        await keepThresholds(tx, owner);
        return await readWebhook(tx, id);
      }),

    // A delivery that is recorded meanwhile locks the same rows in another order.
    remove: (webhook) => withRetries(() => database.transaction((tx) => remove(tx, webhook))),

    async rotate(id, overlapSeconds) {
      const secret = newWebhookSecret();
      const { bytes, keyId } = sealer.seal(secret, id);
      const [rotated] = await database.query<WebhookRecord>(
        `update webhook_endpoints set old_secret = secret, old_secret_key = secret_key,
           old_secret_until = clock_timestamp() + make_interval(secs => $4),
           secret = $2, secret_key = $3
         where id = $1 returning ${COLUMNS}`,
        [id, bytea(bytes), keyId, overlapSeconds],
      );
      return rotated === undefined ? null : { webhook: toWebhook(rotated), secret };
    },

    resealOld: (limit) => database.transaction((tx) => resealOld(tx, sealer, limit)),
  };
}

/** SQL: seconds since 1970, by the database's clock. */
const NOW_SECONDS = "floor(extract(epoch from clock_timestamp()))::numeric";

async function create(
  tx: Sql,
  {
    owner,
    terms,
    sealer,
    most,
  }: {
    readonly owner: WebhookOwner;
    readonly terms: WebhookTerms;
    readonly sealer: SecretSealer;
    readonly most: number;
  },
): Promise<CreateOutcome> {
  if (!(await lockAccount(tx, owner))) {
    return { result: "refused", reason: "account_without_purchases" };
  }
  // One at a time, so that the counts hold.
  await tx.query("select pg_advisory_xact_lock($1)", [ADVISORY_LOCK.webhooks]);
  const address = owner.address === null ? null : bytea(owner.address);
  const [counts] = await tx.query<{ own: bigint; all: bigint }>(
    `select count(*) filter (where party = $1 and owner is not distinct from $2) as own,
       count(*) as all from webhook_endpoints`,
    [owner.party, address],
  );
  if ((counts?.own ?? 0n) >= WEBHOOKS.perOwner) return tooMany(WEBHOOKS.perOwner);
  if ((counts?.all ?? 0n) >= most) return tooMany(most);
  const id = randomUUID();
  const secret = newWebhookSecret();
  const { bytes, keyId } = sealer.seal(secret, id);
  const [created] = await tx.query<WebhookRecord>(
    `insert into webhook_endpoints (id, ${TERM_COLUMNS.join(", ")}, party, owner, secret, secret_key,
       expiring_until)
     values ($1, $2, $3, $4::text[], $5, $6, $7::smallint[], $8, $9, $10, $11, $12,
       ${NOW_SECONDS}) returning ${COLUMNS}`,
    [id, ...valuesOf(terms), owner.party, address, bytea(bytes), keyId],
  );
  if (created === undefined) throw new Error("an insert returned no row");
  await keepThresholds(tx, owner);
  const webhook = (await readWebhook(tx, id)) ?? toWebhook(created);
  return { result: "created", webhook, secret };
}

async function remove(tx: Sql, { id, owner }: Pick<Webhook, "id" | "owner">): Promise<boolean> {
  await lockAccount(tx, owner);
  const removed = await tx.query("delete from webhook_endpoints where id = $1 returning id", [id]);
  await keepThresholds(tx, owner);
  return removed.length > 0;
}

function tooMany(limit: number): CreateOutcome {
  return { result: "refused", reason: "too_many_webhooks", limit };
}

/**
 * Locks the account whose balance the endpoint watches, as each change of the balance does. Returns
 * false if it has never bought credits: such accounts cost nothing to make.
 */
async function lockAccount(tx: Sql, { party, address }: WebhookOwner): Promise<boolean> {
  if (party !== "account") return true;
  const found = await tx.query(
    "select from accounts where address = $1 and purchased > 0 for update",
    [bytea(address)],
  );
  return found.length > 0;
}

/**
 * Tells of a balance that is below a new threshold, and writes the nearest thresholds into the
 * account's row. The caller holds its lock.
 */
async function keepThresholds(tx: Sql, { party, address }: WebhookOwner): Promise<void> {
  if (party !== "account") return;
  await tx.query("select webhook_balance($1)", [bytea(address)]);
}

async function readWebhook(sql: Sql, id: string): Promise<Webhook | null> {
  const [record] = await sql.query<WebhookRecord>(
    `select ${COLUMNS} from webhook_endpoints where id = $1`,
    [id],
  );
  return record === undefined ? null : toWebhook(record);
}

function valuesOf({ url, description, events, thresholds }: WebhookTerms): readonly unknown[] {
  const { balanceBelowMicros, runwayBelowSeconds, budgetPercents, expiringWithinSeconds } =
    thresholds;
  return [
    url,
    description,
    textArray(events),
    balanceBelowMicros,
    runwayBelowSeconds,
    budgetPercents === null ? null : numberArray(budgetPercents),
    expiringWithinSeconds,
  ];
}

function toWebhook(record: WebhookRecord): Webhook {
  const { party, owner, low_micros: balanceBelowMicros, budget_percents: percents } = record;
  return {
    id: record.id,
    owner: ownerOf(party, owner),
    url: record.url,
    description: record.description,
    events: record.kinds.filter(isNamedKind),
    thresholds: {
      balanceBelowMicros,
      runwayBelowSeconds: numberOf(record.runway_seconds),
      budgetPercents: percents === null ? null : percents.split(",").map(Number),
      expiringWithinSeconds: numberOf(record.expiring_seconds),
    },
    isLow: record.is_low,
    isShort: record.is_short,
    createdAt: record.created_at,
    oldSecretUntil: record.old_secret_until,
    failingSince: record.failing_since,
    disabledAt: record.disabled_at,
    disabledAs: record.disabled_as,
  };
}

function ownerOf(party: WebhookOwner["party"], address: Address | null): WebhookOwner {
  if (party === "operator") return { party, address: null };
  if (address === null) throw new Error("a webhook has no owner");
  return { party, address };
}

function numberOf(value: bigint | null): number | null {
  return value === null ? null : Number(value);
}

interface SealedRecord {
  readonly id: string;
  readonly secret: Hex;
  readonly secret_key: string;
}

/** After a change of the key file: what an older key sealed is sealed with the newest. */
async function resealOld(tx: Sql, sealer: SecretSealer, limit: number): Promise<number> {
  const records = await tx.query<SealedRecord>(
    `select id, secret, secret_key from webhook_endpoints where secret_key <> $1
     order by id limit $2 for update skip locked`,
    [sealer.keyId, limit],
  );
  let resealed = 0;
  for (const { id, secret, secret_key: keyId } of records) {
    const sealed: SealedSecret = { bytes: secret, keyId };
    const opened = sealer.open(sealed, id);
    // Without its key it stays as it is, for when the key comes back.
    if (opened === null) continue;
    const { bytes } = sealer.seal(opened, id);
    // oxlint-disable-next-line no-await-in-loop -- on one connection
    await tx.query("update webhook_endpoints set secret = $2, secret_key = $3 where id = $1", [
      id,
      bytea(bytes),
      sealer.keyId,
    ]);
    resealed++;
  }
  return resealed;
}
