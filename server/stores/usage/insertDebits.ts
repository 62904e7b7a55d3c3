import type { Address } from "viem";

import type { Debit } from "@compute-credits/rules/usage/decideDebits";
import type { Sql, Transaction } from "@compute-credits/platform/postgres/database";
import { CURRENT_TICK } from "../log/changeTick.ts";
import { fromPriceBasis } from "@compute-credits/rules/pricing/pinnedRateJson";
import {
  bytea,
  byteaArray,
  nullableTextArray,
  numberArray,
  textArray,
} from "@compute-credits/platform/postgres/values";

/**
 * Writes debits to the log and to the providers' earnings. A plain insert: the primary key is the last guard of
 * "exactly once", and a clash runs the transaction again. As few bytes as will do: what is of one size goes packed, and
 * what most events of a batch have in common goes once, in a list of kinds.
 */
export async function insertDebits(
  tx: Sql,
  debits: readonly Debit[],
  recordedAt: Date,
): Promise<void> {
  if (debits.length > 0) await tx.query(INSERT, valuesOf(debits, recordedAt));
}

/** The same as the last statement of a transaction. */
export function insertDebitsWithCommit(
  tx: Transaction,
  debits: readonly Debit[],
  recordedAt: Date,
): void {
  if (debits.length > 0) tx.withCommit(INSERT, valuesOf(debits, recordedAt));
}

function valuesOf(debits: readonly Debit[], recordedAt: Date): unknown[] {
  const { kindOf, kinds } = kindsOf(debits);
  let parties = "";
  let ids = "";
  let hasHash = false;
  for (const { event, account, allowance, payloadHash } of debits) {
    parties += event.provider.slice(2);
    parties += account.slice(2);
    parties += allowance.slice(2);
    parties += event.spender.slice(2);
    ids += ids === "" ? '"' : '","';
    ids += event.id;
    hasHash ||= payloadHash !== null;
  }
  return [
    `\\x${parties}`,
    // Ids are quoted one by one only where one of them needs more than quotes.
    debits.some(({ event }) => NEEDS_ESCAPE.test(event.id))
      ? textArray(debits.map(({ event }) => event.id))
      : `{${ids}"}`,
    numberArray(debits.map(({ part }) => part)),
    numberArray(debits.map(({ event }) => event.quantity)),
    numberArray(debits.map(({ event }) => event.occurredAt.getTime())),
    numberArray(debits.map(({ amountMicros }) => amountMicros)),
    numberArray(debits.map(({ feeMicros }) => feeMicros)),
    numberArray(kindOf),
    textArray(kinds.map(({ meter }) => meter)),
    textArray(kinds.map(({ dimensions }) => dimensions)),
    numberArray(kinds.map(({ rateCard }) => rateCard)),
    nullableTextArray(kinds.map(({ priceBasis }) => priceBasis)),
    recordedAt,
    hasHash
      ? nullableTextArray(
          debits.map(({ payloadHash: sent }) => (sent === null ? null : bytea(sent))),
        )
      : null,
    ...earningsArrays(debits, 1n),
  ];
}

const NEEDS_ESCAPE = /["\\]/;

const PARTY_BYTES = 20 + 20 + 32 + 32;

function party(from: number, size: number): string {
  return `substring($1::bytea, ${PARTY_BYTES} * n::int - ${PARTY_BYTES - 1 - from}, ${size})`;
}

/** Moves providers' earnings: the parameters are `earningsArrays`, the first of them `$first`. */
function moveEarningsBy(first: number): string {
  return `insert into earnings (account, provider, earned, changed_at_tick)
    select *, ${CURRENT_TICK} from unnest($${first}::bytea[], $${first + 1}::bytea[], $${first + 2}::bigint[])
    on conflict (account, provider) do update set earned = earnings.earned + excluded.earned,
      changed_at_tick = excluded.changed_at_tick`;
}

// The transaction's id would else be made again for each row. Numbers are taken by their place: to unnest an array takes twice
// as long.
const INSERT = `with earned as (${moveEarningsBy(15)})
  insert into debits (provider, account, allowance, spender, event_id, part, quantity, occurred_at, amount_micros,
    fee_micros, meter, dimensions, rate_card, price_basis, recorded_at, payload_hash, transaction_id)
  select ${party(0, 20)}, ${party(20, 20)}, ${party(40, 32)}, ${party(72, 32)}, event_id, ($3::smallint[])[n],
    ($4::bigint[])[n], to_timestamp(($5::bigint[])[n]::float8 / 1000), ($6::bigint[])[n], ($7::bigint[])[n],
    ($9::text[])[kind], ($10::jsonb[])[kind], ($11::integer[])[kind], ($12::jsonb[])[kind], $13, payload_hash,
    (select pg_current_xact_id()::text::bigint)
  from unnest($2::text[], $8::integer[], $14::bytea[]) with ordinality as debit (event_id, kind, payload_hash, n)`;

/** What a debit is besides who pays whom how much. */
interface Kind {
  readonly meter: string;
  /** JSON */
  readonly dimensions: string;
  readonly rateCard: number;
  /** JSON */
  readonly priceBasis: string | null;
}

/** Each kind once, and each debit's place among them, from 1. */
function kindsOf(debits: readonly Debit[]): { kindOf: readonly number[]; kinds: readonly Kind[] } {
  const kinds: Kind[] = [];
  const places = new Map<string, number>();
  const kindOf = debits.map(({ event, rateCardVersion, priceBasis }) => {
    const dimensions = JSON.stringify(event.dimensions);
    const basis = fromPriceBasis(priceBasis);
    const key = `${event.meter} ${rateCardVersion} ${dimensions} ${basis}`;
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, kinds.length + 1);
    return kinds.push({
      meter: event.meter,
      dimensions,
      rateCard: rateCardVersion,
      priceBasis: basis,
    });
  });
  return { kindOf, kinds };
}

type EarningDebit = Pick<Debit, "account" | "amountMicros" | "feeMicros"> & {
  readonly event: { readonly provider: Address };
};

/**
 * Moves providers' earnings: up by debits, down (`-1n`) by debits that are taken back. In the row of one of the accounts
 * that paid: guarded by that account's lock, and one row for a batch, however many accounts are in it. Only the sum over
 * a provider's rows has a meaning.
 */
export async function moveEarnings(
  tx: Sql,
  debits: readonly EarningDebit[],
  sign: 1n | -1n,
): Promise<void> {
  await tx.query(moveEarningsBy(1), earningsArrays(debits, sign));
}

function earningsArrays(debits: readonly EarningDebit[], sign: 1n | -1n): string[] {
  const sums = new Map<Address, { account: Address; earned: bigint }>();
  for (const { account, event, amountMicros, feeMicros } of debits) {
    const before = sums.get(event.provider);
    const earned = (before?.earned ?? 0n) + sign * (amountMicros - feeMicros);
    sums.set(event.provider, { account: before?.account ?? account, earned });
  }
  const changes = [...sums];
  return [
    byteaArray(changes.map(([, { account }]) => account)),
    byteaArray(changes.map(([provider]) => provider)),
    numberArray(changes.map(([, { earned }]) => earned)),
  ];
}
