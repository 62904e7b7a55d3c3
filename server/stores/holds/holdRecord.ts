import type { Address, Hex } from "viem";

import type { Hold, HoldPart, HoldResolution } from "@compute-credits/rules/holds/hold";
import type { HoldKey } from "@compute-credits/rules/holds/outcome";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { fromPinnedRate, toPinnedRate } from "@compute-credits/rules/pricing/pinnedRateJson";
import {
  bytea,
  byteaArray,
  nullableTextArray,
  numberArray,
  textArray,
} from "@compute-credits/platform/postgres/values";

export interface HoldRecord {
  readonly provider: Address;
  readonly hold_id: string;
  readonly spender: Hex;
  readonly meter: string;
  readonly dimensions: Record<string, string>;
  readonly quantity: bigint;
  readonly rate: unknown;
  readonly request_hash: Hex;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly captured_micros: bigint;
  readonly captured_quantity: bigint;
  readonly resolved_as: HoldResolution["as"] | null;
  readonly resolved_at: Date | null;
}

/** SQL: the columns of a `HoldRecord`, for a statement that aliases the table as `h`. */
export const HOLD_COLUMNS_OF_H = [
  "provider",
  "hold_id",
  "spender",
  "meter",
  "dimensions",
  "quantity",
  "rate",
  "request_hash",
  "created_at",
  "expires_at",
  "captured_micros",
  "captured_quantity",
  "resolved_as",
  "resolved_at",
]
  .map((column) => `h.${column}`)
  .join(", ");

export async function readHold(sql: Sql, { provider, id }: HoldKey): Promise<Hold | null> {
  const key = [bytea(provider), id];
  const [record] = await sql.query<HoldRecord>(
    `select ${HOLD_COLUMNS_OF_H} from holds h where provider = $1 and hold_id = $2`,
    key,
  );
  if (record === undefined) return null;
  const parts = await sql.query<HoldPart>(
    `select account, allowance, held_micros as "heldMicros" from hold_parts
     where provider = $1 and hold_id = $2 order by part`,
    key,
  );
  return toHold(record, parts);
}

export function toHold(record: HoldRecord, parts: readonly HoldPart[]): Hold {
  const { resolved_as: as, resolved_at: at } = record;
  return {
    provider: record.provider,
    id: record.hold_id,
    spender: record.spender,
    meter: record.meter,
    dimensions: record.dimensions,
    quantity: record.quantity,
    rate: toPinnedRate(record.rate),
    requestHash: record.request_hash,
    parts,
    createdAt: record.created_at,
    expiresAt: record.expires_at,
    capturedMicros: record.captured_micros,
    capturedQuantity: record.captured_quantity,
    resolution: as === null || at === null ? null : { as, at },
  };
}

/**
 * Inserts holds. Their quotes' ends are stored so that an auditor can see why a quoted hold's price
 * differs from the card in force; `null` for a hold without a quote.
 */
export async function insertHolds(
  tx: Sql,
  holds: readonly Hold[],
  quoteExpiries: readonly (Date | null)[],
): Promise<void> {
  if (holds.length === 0) return;
  await tx.query(
    `insert into holds (provider, hold_id, spender, meter, dimensions, quantity, rate, request_hash,
       created_at, expires_at, quote_expires_at)
     select * from unnest($1::bytea[], $2::text[], $3::bytea[], $4::text[], $5::jsonb[],
       $6::bigint[], $7::jsonb[], $8::bytea[], $9::timestamptz[], $10::timestamptz[],
       $11::timestamptz[])`,
    [
      byteaArray(holds.map(({ provider }) => provider)),
      textArray(holds.map(({ id }) => id)),
      byteaArray(holds.map(({ spender }) => spender)),
      textArray(holds.map(({ meter }) => meter)),
      textArray(holds.map(({ dimensions }) => JSON.stringify(dimensions))),
      numberArray(holds.map(({ quantity }) => quantity)),
      textArray(holds.map(({ rate }) => fromPinnedRate(rate))),
      byteaArray(holds.map(({ requestHash }) => requestHash)),
      textArray(holds.map(({ createdAt }) => createdAt.toISOString())),
      textArray(holds.map(({ expiresAt }) => expiresAt.toISOString())),
      nullableTextArray(quoteExpiries.map((expiresAt) => expiresAt?.toISOString() ?? null)),
    ],
  );
  await tx.query(
    `insert into hold_parts (provider, hold_id, part, account, allowance, held_micros)
     select * from unnest($1::bytea[], $2::text[], $3::smallint[], $4::bytea[], $5::bytea[],
       $6::bigint[])`,
    partArrays(holds),
  );
}

/** Writes the results of captures, releases and expiries. */
export async function updateHolds(tx: Sql, holds: readonly Hold[]): Promise<void> {
  if (holds.length === 0) return;
  // Plan: holds by primary key.
  await tx.query(
    `update holds set captured_micros = changed.captured_micros,
       captured_quantity = changed.captured_quantity, resolved_as = changed.resolved_as,
       resolved_at = changed.resolved_at
     from unnest($1::bytea[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::timestamptz[])
       as changed (provider, hold_id, captured_micros, captured_quantity, resolved_as, resolved_at)
     where holds.provider = changed.provider and holds.hold_id = changed.hold_id`,
    [
      byteaArray(holds.map(({ provider }) => provider)),
      textArray(holds.map(({ id }) => id)),
      numberArray(holds.map(({ capturedMicros }) => capturedMicros)),
      numberArray(holds.map(({ capturedQuantity }) => capturedQuantity)),
      nullableTextArray(holds.map(({ resolution }) => resolution?.as ?? null)),
      nullableTextArray(holds.map(({ resolution }) => resolution?.at.toISOString() ?? null)),
    ],
  );
  // Plan: hold_parts by primary key.
  await tx.query(
    `update hold_parts set held_micros = changed.held_micros
     from unnest($1::bytea[], $2::text[], $3::smallint[], $4::bytea[], $5::bytea[], $6::bigint[])
       as changed (provider, hold_id, part, account, allowance, held_micros)
     where hold_parts.provider = changed.provider and hold_parts.hold_id = changed.hold_id
       and hold_parts.part = changed.part`,
    partArrays(holds),
  );
}

function partArrays(holds: readonly Hold[]): string[] {
  const rows = holds.flatMap(({ provider, id, parts }) =>
    parts.map((paid, part) => ({ provider, id, part, ...paid })),
  );
  return [
    byteaArray(rows.map(({ provider }) => provider)),
    textArray(rows.map(({ id }) => id)),
    numberArray(rows.map(({ part }) => part)),
    byteaArray(rows.map(({ account }) => account)),
    byteaArray(rows.map(({ allowance }) => allowance)),
    numberArray(rows.map(({ heldMicros }) => heldMicros)),
  ];
}
