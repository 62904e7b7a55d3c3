import type { Address, Hex } from "viem";

import type { Hold, HoldPart, HoldResolution } from "@compute-credits/rules/holds/hold";
import type { HoldKey } from "./holdStore.ts";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { insertRecord } from "../insertRecord.ts";
import { writeNotes } from "../log/writeNotes.ts";
import { fromPinnedRate, toPinnedRate } from "@compute-credits/rules/pricing/pinnedRateJson";
import { bytea, byteaArray, numberArray } from "@compute-credits/platform/postgres/values";

interface HoldRecord {
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

interface PartRecord extends HoldPart {
  readonly provider: Address;
  readonly hold_id: string;
}

export async function readHold(sql: Sql, { provider, id }: HoldKey): Promise<Hold | null> {
  const key = [bytea(provider), id];
  const [record] = await sql.query<HoldRecord>(
    "select * from holds where provider = $1 and hold_id = $2",
    key,
  );
  if (record === undefined) return null;
  const parts = await sql.query<PartRecord>(
    `select account, allowance, held_micros as "heldMicros" from hold_parts
     where provider = $1 and hold_id = $2 order by part`,
    key,
  );
  return toHold(record, parts);
}

function toHold(record: HoldRecord, parts: readonly HoldPart[]): Hold {
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

function fromHold(hold: Hold, quoteExpiresAt: Date | null): Readonly<Record<string, unknown>> {
  return {
    provider: bytea(hold.provider),
    hold_id: hold.id,
    spender: bytea(hold.spender),
    meter: hold.meter,
    dimensions: JSON.stringify(hold.dimensions),
    quantity: hold.quantity,
    rate: fromPinnedRate(hold.rate),
    request_hash: bytea(hold.requestHash),
    created_at: hold.createdAt,
    expires_at: hold.expiresAt,
    quote_expires_at: quoteExpiresAt,
  };
}

/**
 * Inserts a hold. `quoteExpiresAt` is stored so that an auditor can see why a quoted hold's price
 * differs from the card in force.
 */
export async function insertHold(tx: Sql, hold: Hold, quoteExpiresAt: Date | null): Promise<void> {
  await insertRecord(tx, "holds", fromHold(hold, quoteExpiresAt));
  await tx.query(
    `insert into hold_parts (provider, hold_id, part, account, allowance, held_micros)
     select $1, $2, * from unnest($3::smallint[], $4::bytea[], $5::bytea[], $6::bigint[])`,
    [bytea(hold.provider), hold.id, ...partArrays(hold)],
  );
}

/** Writes the result of a capture, a release or an expiry. */
export async function updateHold(tx: Sql, hold: Hold): Promise<void> {
  const key = [bytea(hold.provider), hold.id];
  await tx.query(
    `update holds set captured_micros = $3, captured_quantity = $4, resolved_as = $5,
       resolved_at = $6
     where provider = $1 and hold_id = $2`,
    [
      ...key,
      hold.capturedMicros,
      hold.capturedQuantity,
      hold.resolution?.as ?? null,
      hold.resolution?.at ?? null,
    ],
  );
  await tx.query(
    `update hold_parts set held_micros = changed.held_micros
     from unnest($3::smallint[], $4::bytea[], $5::bytea[], $6::bigint[]) as changed (part, account,
       allowance, held_micros)
     where provider = $1 and hold_id = $2 and hold_parts.part = changed.part`,
    [...key, ...partArrays(hold)],
  );
  const { provider, id, resolution } = hold;
  if (resolution !== null) {
    await writeNotes(tx, [{ kind: "hold_end", provider, id, ...resolution }]);
  }
}

function partArrays({ parts }: Hold): string[] {
  return [
    numberArray(parts.map((_, part) => part)),
    byteaArray(parts.map(({ account }) => account)),
    byteaArray(parts.map(({ allowance }) => allowance)),
    numberArray(parts.map(({ heldMicros }) => heldMicros)),
  ];
}
