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
  packedSlice,
  textArray,
} from "@compute-credits/platform/postgres/values";

/**
 * Inserts debits into the log and adds to the providers' earnings. The primary key enforces
 * "exactly once": a conflict makes the caller retry the transaction. Sends few bytes: fixed-size
 * values are packed, and values that events share are sent once, as a list of kinds.
 */
export async function insertDebits(
  tx: Sql,
  debits: readonly Debit[],
  recordedAt: Date,
): Promise<void> {
  if (debits.length > 0) await tx.query(INSERT_DEBITS, valuesOf(debits, recordedAt));
}

/**
 * Like `insertDebits`, as the last statement of a transaction: it is sent together with the commit.
 */
export function insertDebitsWithCommit(
  tx: Transaction,
  debits: readonly Debit[],
  recordedAt: Date,
): void {
  if (debits.length > 0) tx.withCommit(INSERT_DEBITS, valuesOf(debits, recordedAt));
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
    // Escapes ids only if one of them needs it.
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

/** The bytes of a debit's parties, in the order in which they are packed. */
const PACKED = { provider: 20, account: 20, allowance: 32, spender: 32 } as const;

const party = (name: keyof typeof PACKED) => packedSlice("$1", PACKED, name);

/** SQL: adds to providers' earnings. The parameters from `$first` on are `earningsArrays`. */
function moveEarningsSql(first: number): string {
  return `insert into earnings (account, provider, earned, changed_at_tick)
    select *, ${CURRENT_TICK}
      from unnest($${first}::bytea[], $${first + 1}::bytea[], $${first + 2}::bigint[])
    on conflict (account, provider) do update set earned = earnings.earned + excluded.earned,
      changed_at_tick = excluded.changed_at_tick`;
}

// The subselect computes the transaction's id once, not per row. Numbers are indexed by position,
// because unnesting their arrays takes twice as long.
const INSERT_DEBITS = `with earned as (${moveEarningsSql(15)})
  insert into debits (provider, account, allowance, spender, event_id, part, quantity, occurred_at,
    amount_micros, fee_micros, meter, dimensions, rate_card, price_basis, recorded_at, payload_hash,
    transaction_id)
  select ${party("provider")}, ${party("account")}, ${party("allowance")}, ${party("spender")},
    event_id, ($3::smallint[])[n], ($4::bigint[])[n],
    to_timestamp(($5::bigint[])[n]::float8 / 1000), ($6::bigint[])[n], ($7::bigint[])[n],
    ($9::text[])[kind], ($10::jsonb[])[kind], ($11::integer[])[kind], ($12::jsonb[])[kind], $13,
    payload_hash,
    (select pg_current_xact_id()::text::bigint)
  from unnest($2::text[], $8::integer[], $14::bytea[])
    with ordinality as debit (event_id, kind, payload_hash, n)`;

/** The values of a debit that most events of a batch share. */
interface DebitKind {
  readonly meter: string;
  /** JSON */
  readonly dimensions: string;
  readonly rateCard: number;
  /** JSON */
  readonly priceBasis: string | null;
}

/** Returns the distinct kinds, and for each debit the 1-based index of its kind. */
function kindsOf(debits: readonly Debit[]): {
  kindOf: readonly number[];
  kinds: readonly DebitKind[];
} {
  const kinds: DebitKind[] = [];
  const ordinals = new Map<string, number>();
  const kindOf = debits.map(({ event, rateCardVersion, priceBasis }) => {
    const dimensions = JSON.stringify(event.dimensions);
    const basis = fromPriceBasis(priceBasis);
    const key = `${event.meter} ${rateCardVersion} ${dimensions} ${basis}`;
    const existing = ordinals.get(key);
    if (existing !== undefined) return existing;
    ordinals.set(key, kinds.length + 1);
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
 * Adds debits to providers' earnings, or subtracts voided ones (`-1n`). Writes one row per provider
 * and batch, that of the first account that paid, whose lock guards it. Only the sum over a
 * provider's rows has a meaning.
 */
export async function moveEarnings(
  tx: Sql,
  debits: readonly EarningDebit[],
  sign: 1n | -1n,
): Promise<void> {
  await tx.query(moveEarningsSql(1), earningsArrays(debits, sign));
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
