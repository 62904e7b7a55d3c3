import type { Address, Hex } from "viem";

import { jsonText } from "@compute-credits/protocol/jsonText";
import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import {
  booleanArray,
  bytea,
  byteaArray,
  nullableTextArray,
  numberArray,
  textArray,
} from "@compute-credits/platform/postgres/values";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { eventKey } from "@compute-credits/rules/usage/decideDebits";
import type { AuditState, AuditedAllowance, SpenderPairs } from "../replay/auditState.ts";
import type { PairMap } from "../replay/pairMap.ts";
import { pairName } from "./pairName.ts";
import { saveRules } from "./ruleStore.ts";

/** Saves the state's changes for a cut, except events (eventStore.ts), and clears them. */
export async function saveState(sql: Sql, state: AuditState, cut: bigint): Promise<void> {
  await saveParties(sql, state, cut);
  await saveAllowances(sql, state);
  await saveAccess(sql, state);
  await saveIssuingKeys(sql, state);
  await saveRules(sql, state);
  await saveAcceptances(sql, state);
  await saveReceipts(sql, state);
  await saveHolds(sql, state);
  await saveTiers(sql, state);
  await saveCards(sql, state);
  await saveSteps(sql, state);
  await sql.query("update position set applied_block = $1, has_own_prices = $2", [
    state.appliedBlock,
    state.hasOwnPrices,
  ]);
  state.clearChanges();
}

async function saveParties(sql: Sql, state: AuditState, cut: bigint): Promise<void> {
  const parties = [...state.changed.parties].map((address) => state.party(address));
  if (parties.length === 0) return;
  await sql.query(
    `insert into parties (address, purchased, spent, held, refunding, refund_waiting, refunded, counter, earned,
       requested_micros, unspent_micros, refunded_micros, final_spent, written_off_at,
       final_earned, first_use_at, first_day_micros, first_paid_at, changed_in)
     select *, $19::bigint from unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
       $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::timestamptz[],
       $15::bigint[], $16::timestamptz[], $17::bigint[], $18::timestamptz[])
     on conflict (address) do update set purchased = excluded.purchased, spent = excluded.spent, held = excluded.held,
       refunding = excluded.refunding, refund_waiting = excluded.refund_waiting, refunded = excluded.refunded,
       counter = excluded.counter, earned = excluded.earned, requested_micros = excluded.requested_micros,
       unspent_micros = excluded.unspent_micros, refunded_micros = excluded.refunded_micros,
       final_spent = excluded.final_spent, written_off_at = excluded.written_off_at,
       final_earned = excluded.final_earned, first_use_at = excluded.first_use_at,
       first_day_micros = excluded.first_day_micros, first_paid_at = excluded.first_paid_at,
       changed_in = excluded.changed_in`,
    [
      byteaArray(parties.map(({ address }) => address)),
      numberArray(parties.map(({ purchased }) => purchased)),
      numberArray(parties.map(({ spent }) => spent)),
      numberArray(parties.map(({ held }) => held)),
      numberArray(parties.map(({ refunding }) => refunding)),
      numberArray(parties.map(({ refundWaiting }) => refundWaiting)),
      numberArray(parties.map(({ refunded }) => refunded)),
      numberArray(parties.map(({ counter }) => counter)),
      numberArray(parties.map(({ earned }) => earned)),
      numberArray(parties.map(({ request }) => request?.requestedMicros ?? "null")),
      numberArray(parties.map(({ request }) => request?.unspentMicros ?? "null")),
      numberArray(parties.map(({ request }) => request?.refundedMicros ?? "null")),
      numberArray(parties.map(({ finalSpent }) => finalSpent)),
      nullableTextArray(parties.map(({ writtenOffAt }) => writtenOffAt?.toISOString() ?? null)),
      numberArray(parties.map(({ finalEarned }) => finalEarned)),
      nullableTextArray(parties.map(({ firstUse }) => firstUse?.at.toISOString() ?? null)),
      numberArray(parties.map(({ firstUse }) => firstUse?.dayMicros ?? "null")),
      nullableTextArray(parties.map(({ firstPaidAt }) => firstPaidAt?.toISOString() ?? null)),
      cut,
    ],
  );
}

async function saveAllowances(sql: Sql, state: AuditState): Promise<void> {
  const known = (ids: ReadonlySet<Hex>) => [...ids].flatMap((id) => state.allowances.get(id) ?? []);
  const added = known(state.added.allowances);
  const changed = known(state.changed.allowances);
  if (added.length > 0) {
    await sql.query(
      `insert into allowances (id, revoked, period_index, carried, period_spent, spent, spender, body, is_signed)
       select * from unnest($1::bytea[], $2::boolean[], $3::numeric[], $4::numeric[], $5::bigint[], $6::bigint[],
         $7::bytea[], $8::jsonb[], $9::boolean[])
       on conflict (id) do update set revoked = excluded.revoked, period_index = excluded.period_index,
         carried = excluded.carried, period_spent = excluded.period_spent, spent = excluded.spent,
         spender = excluded.spender, body = excluded.body, is_signed = excluded.is_signed`,
      [
        ...usageArrays(added),
        byteaArray(added.map(({ message }) => message.spender)),
        textArray(
          added.map(({ id, message, scope, signature, byContract, campaign, createdAt }) =>
            jsonText({ id, message, scope, signature, byContract, campaign, createdAt }),
          ),
        ),
        booleanArray(added.map(({ isSigned }) => isSigned)),
      ],
    );
  }
  if (changed.length === 0) return;
  // What was signed never changes, and is most of the row.
  await sql.query(
    `update allowances set revoked = given.revoked, period_index = given.period_index,
       carried = given.carried, period_spent = given.period_spent, spent = given.spent
     from unnest($1::bytea[], $2::boolean[], $3::numeric[], $4::numeric[], $5::bigint[], $6::bigint[])
       as given (id, revoked, period_index, carried, period_spent, spent)
     where allowances.id = given.id`,
    usageArrays(changed),
  );
}

function usageArrays(allowances: readonly AuditedAllowance[]): string[] {
  return [
    byteaArray(allowances.map(({ id }) => id)),
    booleanArray(allowances.map(({ revokedAt }) => revokedAt !== null)),
    numberArray(allowances.map(({ usage }) => usage.periodIndex)),
    numberArray(allowances.map(({ usage }) => usage.carriedMicros)),
    numberArray(allowances.map(({ usage }) => usage.periodSpentMicros)),
    numberArray(allowances.map(({ usage }) => usage.spentMicros)),
  ];
}

async function saveAccess(sql: Sql, state: AuditState): Promise<void> {
  const changed = pairsOf(state.changed.access, state.access);
  if (changed.length === 0) return;
  await sql.query(
    `insert into access (name, created_at, ended)
     select * from unnest($1::text[], $2::timestamptz[], $3::boolean[])
     on conflict (name) do update set created_at = excluded.created_at,
       ended = excluded.ended`,
    [
      textArray(changed.map(([name]) => name)),
      textArray(changed.map(([, { createdAt }]) => createdAt.toISOString())),
      booleanArray(changed.map(([, { ended }]) => ended)),
    ],
  );
}

async function saveIssuingKeys(sql: Sql, state: AuditState): Promise<void> {
  const changed = entriesOf(state.changed.issuingKeys, state.issuingKeys);
  if (changed.length === 0) return;
  await sql.query(
    `insert into issuing_keys (key_hash, body) select * from unnest($1::bytea[], $2::jsonb[])
     on conflict (key_hash) do update set body = excluded.body`,
    [
      byteaArray(changed.map(([keyHash]) => keyHash)),
      textArray(changed.map(([, key]) => jsonText(key))),
    ],
  );
}

async function saveAcceptances(sql: Sql, state: AuditState): Promise<void> {
  const changed = pairsOf(state.changed.acceptances, state.acceptances);
  if (changed.length === 0) return;
  await sql.query(
    `insert into acceptances (name, accepted, changed_at, signed_at, is_implied)
     select * from unnest($1::text[], $2::boolean[], $3::timestamptz[], $4::numeric[], $5::boolean[])
     on conflict (name) do update set accepted = excluded.accepted,
       changed_at = excluded.changed_at, signed_at = excluded.signed_at,
       is_implied = excluded.is_implied`,
    [
      textArray(changed.map(([name]) => name)),
      booleanArray(changed.map(([, { accepted }]) => accepted)),
      textArray(changed.map(([, { changedAt }]) => changedAt.toISOString())),
      numberArray(changed.map(([, { signedAt }]) => signedAt)),
      booleanArray(changed.map(([, { isImplied }]) => isImplied)),
    ],
  );
}

async function saveReceipts(sql: Sql, state: AuditState): Promise<void> {
  const changed = entriesOf(state.changed.receipts, state.receipts);
  if (changed.length === 0) return;
  await sql.query(
    `insert into receipts (provider, earned, epoch, given_at)
     select * from unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::timestamptz[])
     on conflict (provider) do update set earned = excluded.earned, epoch = excluded.epoch, given_at = excluded.given_at`,
    [
      byteaArray(changed.map(([provider]) => provider)),
      numberArray(changed.map(([, { earned }]) => earned)),
      numberArray(changed.map(([, { epoch }]) => epoch)),
      textArray(changed.map(([, { at }]) => at.toISOString())),
    ],
  );
}

async function saveHolds(sql: Sql, state: AuditState): Promise<void> {
  const holds = [...state.changed.holds].flatMap((name) => state.holds.get(name) ?? []);
  if (holds.length === 0) return;
  await sql.query(
    `insert into holds (name, body) select * from unnest($1::text[], $2::jsonb[])
     on conflict (name) do update set body = excluded.body`,
    [textArray(holds.map(eventKey)), textArray(holds.map(jsonText))],
  );
}

async function saveTiers(sql: Sql, state: AuditState): Promise<void> {
  const changed = entriesOf(state.changed.tiers, state.tiers);
  if (changed.length === 0) return;
  await sql.query(
    `insert into tiers (key, account, use, units)
     select * from unnest($1::text[], $2::text[], $3::jsonb[], $4::numeric[])
     on conflict (key) do update set units = excluded.units`,
    [
      textArray(changed.map(([key]) => key)),
      textArray(changed.map(([, { use }]) => use.account)),
      textArray(changed.map(([, { use }]) => jsonText(use))),
      numberArray(changed.map(([, { units }]) => units)),
    ],
  );
}

async function saveCards(sql: Sql, state: AuditState): Promise<void> {
  for (const version of state.changed.cards) {
    const audited = state.cards.get(version);
    if (audited === undefined) continue;
    const { card, createdAt } = audited;
    // oxlint-disable-next-line no-await-in-loop -- cards are rare
    await sql.query(
      "insert into cards (version, provider, effective_from, rates, created_at) values ($1, $2, $3, $4, $5)",
      [
        version,
        card.provider == null ? null : bytea(card.provider),
        card.effectiveFrom,
        jsonText(card.rates),
        createdAt,
      ],
    );
  }
}

async function saveSteps(sql: Sql, state: AuditState): Promise<void> {
  const steps = [...state.changed.steps];
  if (steps.length === 0) return;
  await sql.query(
    `insert into steps (name, step, effective_from, body)
     select * from unnest($1::text[], $2::integer[], $3::timestamptz[], $4::jsonb[]) on conflict do nothing`,
    [
      textArray(steps.map(({ name }) => name)),
      numberArray(steps.map(({ step }) => step.step)),
      textArray(steps.map(({ step }) => step.effectiveFrom.toISOString())),
      textArray(steps.map(({ step }) => jsonText(step))),
    ],
  );
}

function entriesOf<Name extends string, Value>(
  names: ReadonlySet<Name>,
  all: ReadonlyMap<Name, Value>,
): [Name, Value][] {
  return [...names].flatMap((name): [Name, Value][] => {
    const value = all.get(name);
    return value === undefined ? [] : [[name, value]];
  });
}

function pairsOf<Value>(
  pairs: SpenderPairs,
  all: PairMap<SpenderId, Address, Value>,
): [string, Value][] {
  return [...pairs.values()].flatMap((pair): [string, Value][] => {
    const value = all.get(pair.spender, pair.other);
    return value === undefined ? [] : [[pairName(pair), value]];
  });
}
