import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import {
  type AcceptanceState,
  decideAcceptance,
} from "@compute-credits/rules/acceptances/acceptance";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { bytea, byteaArray } from "@compute-credits/platform/postgres/values";
import { ARRIVED_CTE } from "../allowances/allowanceRecord.ts";
import { writeNotes } from "../log/writeNotes.ts";
import type { AcceptanceChange, ChangeRefusal, Pair } from "./acceptanceStore.ts";

export interface AcceptanceRules {
  /** each of them is locked by a debit of the spender */
  readonly maxAccountsPerSpender: number;
}

export interface PairRules {
  /** in force, of one account for one spender */
  readonly maxAllowancesPerPair: number;
}

/** SQL: the next place in the log, for a row that enters it now. */
const PLACE_IN_LOG = `log_order = coalesce(log_order, nextval('log_order')),
  transaction_id = coalesce(transaction_id, pg_current_xact_id()::text::bigint)`;

/** SQL: an allowance `l` of account `a` can still pay, as of the time `now`. */
export const isAliveSql = (now: string) =>
  `l.revoked_at is null and l.counter = a.counter
   and (l.expires_at = 0 or l.expires_at > floor(extract(epoch from ${now})))`;

/** Reads the state of a pair without a lock; `null` if it was never accepted. */
export async function readAcceptance(
  sql: Sql,
  { spender, account }: Pair,
): Promise<(AcceptanceState & { readonly changedAt: Date }) | null> {
  // Plan: acceptances by primary key.
  const [state] = await sql.query<AcceptanceState & { readonly changedAt: Date }>(
    `select accepted, signed_at as "signedAt", changes, changed_at as "changedAt"
     from acceptances where spender = $1 and account = $2`,
    [bytea(spender), bytea(account)],
  );
  return state ?? null;
}

/** Reads which spenders accept the account; `false` for those that ended it. */
export async function readAcceptances(
  sql: Sql,
  account: Address,
  spenders: readonly SpenderId[],
): Promise<ReadonlyMap<SpenderId, boolean>> {
  // Plan: acceptances by primary key, once per spender.
  const found = await sql.query<{ spender: SpenderId; accepted: boolean }>(
    "select spender, accepted from acceptances where spender = any($1::bytea[]) and account = $2",
    [byteaArray(spenders), bytea(account)],
  );
  return new Map(found.map(({ spender, accepted }) => [spender, accepted]));
}

/**
 * Decides a change of a pair and writes it: the state, the note in the log, and which allowances
 * count. The caller holds the account's lock. Returns `null` if it is in effect now.
 */
export async function changeAcceptance(
  tx: Sql,
  change: AcceptanceChange,
  { rules, now }: { rules: AcceptanceRules; now: Date },
): Promise<ChangeRefusal | null> {
  const { spender, account, accepted, proof } = change;
  const before = await readAcceptance(tx, change);
  const decided = decideAcceptance(before, change, now);
  if (decided === "unchanged") return null;
  if ("reason" in decided) return decided;
  if (isOneMore(before, change)) {
    // Concurrent acceptances of one spender wait for each other, all after an account's lock.
    await tx.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [
      `acceptances of ${spender}`,
    ]);
    const refusal = await refuseOneMore(tx, before, change, rules);
    if (refusal !== null) return refusal;
  }
  await tx.query(
    `insert into acceptances (spender, account, accepted, how, signed_at, changes, changed_at)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (spender, account) do update set accepted = excluded.accepted,
       how = excluded.how, signed_at = excluded.signed_at, changes = excluded.changes,
       changed_at = excluded.changed_at`,
    [bytea(spender), bytea(account), accepted, proof.how, decided.signedAt, decided.changes, now],
  );
  const signed =
    proof.how === "wallet"
      ? { signature: proof.signature, signedAt: proof.signedAt }
      : { signature: null, signedAt: 0n };
  await writeNotes(tx, [
    { kind: "acceptance", spender, account, accepted, how: proof.how, ...signed, at: now },
  ]);
  if (before?.accepted === accepted) return null;
  await (accepted ? countAllowances(tx, account, [spender], now) : uncountAllowances(tx, change));
  return null;
}

/**
 * Refuses one account more than a spender may accept; `null` if there is room, or if it is no more.
 * Ask without a lock first: a refused spender must not lock an account each time.
 */
export async function refuseOneMore(
  sql: Sql,
  before: AcceptanceState | null,
  change: AcceptanceChange,
  { maxAccountsPerSpender: limit }: AcceptanceRules,
): Promise<ChangeRefusal | null> {
  if (!isOneMore(before, change)) return null;
  // Plan: accepted_accounts, at most `limit` entries.
  const [found] = await sql.query<{ count: bigint }>(
    `select count(*) as count from (
       select from acceptances where spender = $1 and accepted limit $2) as accepted`,
    [bytea(change.spender), limit],
  );
  return found !== undefined && found.count >= limit
    ? { reason: "too_many_accounts", limit }
    : null;
}

function isOneMore(before: AcceptanceState | null, { accepted }: AcceptanceChange): boolean {
  return accepted && before?.accepted !== true;
}

/** Lets debits read the allowances from now on, and enters them into the log. */
async function countAllowances(
  tx: Sql,
  account: Address,
  spenders: readonly SpenderId[],
  now: Date,
): Promise<void> {
  // Plan: allowances_of_pair, once per spender. Dead ones stay out: they can never pay.
  await tx.query(
    `with ${ARRIVED_CTE}
     update signed_allowances set accepted = true, arrival = (select count from arrived),
       ${PLACE_IN_LOG}
     where id in (
       select l.id from allowances l join accounts a on a.address = l.account
       where l.spender = any($1::bytea[]) and l.account = $2 and not l.accepted
         and ${isAliveSql("$3::timestamptz")})`,
    [byteaArray(spenders), bytea(account), now],
  );
}

async function uncountAllowances(tx: Sql, { spender, account }: Pair): Promise<void> {
  // Plan: allowances_of_pair. The arrival tells caches to read the pair's allowances again.
  await tx.query(
    `with ${ARRIVED_CTE}
     update signed_allowances set accepted = false, arrival = (select count from arrived)
     where spender = $1 and account = $2 and accepted`,
    [bytea(spender), bytea(account)],
  );
}

/** Enters allowances into the log that are not there yet: auditors will need them. */
export async function enterIntoLog(tx: Sql, ids: readonly Hex[]): Promise<void> {
  await tx.query(
    `update signed_allowances set ${PLACE_IN_LOG}
     where id = any($1::bytea[]) and log_order is null`,
    [byteaArray(ids)],
  );
}

/**
 * Takes what can never pay again out of what debits read, for each spender that has as many of the
 * account's allowances as may be in force. Without it, those of years ago would be read for ever.
 */
export async function retireDead(
  tx: Sql,
  account: Address,
  spenders: readonly SpenderId[],
  { maxAllowancesPerPair }: PairRules,
): Promise<void> {
  // Plan: allowances_of_spender, once per spender.
  const full = await tx.query<{ spender: SpenderId }>(
    `select spender from signed_allowances
     where spender = any($1::bytea[]) and account = $2 and accepted
     group by spender having count(*) >= $3`,
    [byteaArray(spenders), bytea(account), maxAllowancesPerPair],
  );
  if (full.length === 0) return;
  await tx.query(
    `with ${ARRIVED_CTE}
     update signed_allowances set accepted = false, arrival = (select count from arrived)
     where id in (
       select l.id from allowances l join accounts a on a.address = l.account
       where l.spender = any($1::bytea[]) and l.account = $2 and l.accepted
         and not (${isAliveSql("clock_timestamp()")}))`,
    [byteaArray(full.map(({ spender }) => spender)), bytea(account)],
  );
}

/**
 * Lets an issuer's account count for spenders that never said anything about it, as far as their
 * bounds allow. Returns those that it counts for now. The caller holds the account's lock.
 */
export async function acceptIssuer(
  tx: Sql,
  account: Address,
  spenders: readonly SpenderId[],
  { rules: { maxAccountsPerSpender }, now }: { rules: AcceptanceRules; now: Date },
): Promise<readonly SpenderId[]> {
  // Plan: accepted_accounts, once per spender. Two issuers at once may exceed the bound by one.
  const found = await tx.query<{ spender: SpenderId }>(
    `insert into acceptances (spender, account, accepted, how, changed_at)
     select spender, $2, true, 'issuer', $3 from unnest($1::bytea[]) as wanted (spender)
     where $4 > (select count(*) from acceptances c where c.spender = wanted.spender and c.accepted)
     on conflict (spender, account) do nothing returning spender`,
    [byteaArray(spenders), bytea(account), now, maxAccountsPerSpender],
  );
  const added = found.map(({ spender }) => spender);
  await writeNotes(
    tx,
    added.map((spender) => ({
      kind: "acceptance",
      spender,
      account,
      accepted: true,
      how: "issuer",
      signature: null,
      signedAt: 0n,
      at: now,
    })),
  );
  if (added.length > 0) await countAllowances(tx, account, added, now);
  return added;
}
