import type { DecidedExtension } from "@compute-credits/rules/holds/decideHolds";
import { type Hold, type HoldLot, partsOf } from "@compute-credits/rules/holds/hold";
import type { HoldKey } from "@compute-credits/rules/holds/requests";
import { fromPinnedRate } from "@compute-credits/rules/pricing/pinnedRateJson";
import { jsonText } from "@compute-credits/protocol/jsonText";
import type { Sql } from "@compute-credits/platform/postgres/database";
import {
  byteaArray,
  nullableTextArray,
  numberArray,
  textArray,
} from "@compute-credits/platform/postgres/values";

/** A new hold, and until when the quote was good that it honours; `null` without one. */
export interface NewHold {
  readonly hold: Hold;
  readonly quoteExpiresAt: Date | null;
}

/**
 * Inserts holds so that the log lists each hold with its lots, and all in their order: in which
 * order credits were taken decides who paid. Statements are for neighbours, up to the next hold
 * that has more lots than one.
 */
export async function insertHolds(tx: Sql, holds: readonly NewHold[]): Promise<void> {
  for (const run of runsOf(holds)) {
    const last = run.at(-1)?.hold;
    // oxlint-disable-next-line no-await-in-loop -- sent in one go; the order counts
    await insertFirstLots(tx, run);
    if (last === undefined || last.lots.length === 1) continue;
    // oxlint-disable-next-line no-await-in-loop
    await insertLots(tx, [{ hold: last, lots: last.lots.slice(1), firstLot: 1 }]);
  }
  await insertParts(
    tx,
    holds.flatMap(({ hold }) => partRows(hold, hold.lots, { lot: 0, part: 0 })),
  );
}

/** Each run ends with a hold of several lots, or is the last. */
function runsOf(holds: readonly NewHold[]): NewHold[][] {
  const runs: NewHold[][] = [];
  let run: NewHold[] = [];
  for (const each of holds) {
    if (run.length === 0) runs.push(run);
    run.push(each);
    if (each.hold.lots.length > 1) run = [];
  }
  return runs;
}

/**
 * Inserts holds with their first lots. Their quotes' ends are stored so that an auditor can see why
 * a quoted hold's price differs from the card in force.
 */
async function insertFirstLots(tx: Sql, holds: readonly NewHold[]): Promise<void> {
  const rows = holds.map(({ hold, quoteExpiresAt }) => {
    const [lot] = hold.lots;
    if (lot === undefined) throw new Error("a hold has no lot");
    return { hold, lot, quoteExpiresAt };
  });
  await tx.query(
    `insert into holds (provider, hold_id, spender, meter, dimensions, quantity, rate, request_hash,
       created_at, expires_at, quote_expires_at, line, lots)
     select * from unnest($1::bytea[], $2::text[], $3::bytea[], $4::text[], $5::jsonb[],
       $6::bigint[], $7::jsonb[], $8::bytea[], $9::timestamptz[], $10::timestamptz[],
       $11::timestamptz[], $12::text[], $13::smallint[])`,
    [
      byteaArray(rows.map(({ hold }) => hold.provider)),
      textArray(rows.map(({ hold }) => hold.id)),
      byteaArray(rows.map(({ hold }) => hold.spender)),
      textArray(rows.map(({ lot }) => lot.meter)),
      textArray(rows.map(({ lot }) => JSON.stringify(lot.dimensions))),
      numberArray(rows.map(({ lot }) => lot.quantity)),
      textArray(rows.map(({ lot }) => fromPinnedRate(lot.rate))),
      byteaArray(rows.map(({ hold }) => hold.requestHash)),
      textArray(rows.map(({ hold }) => hold.createdAt.toISOString())),
      textArray(rows.map(({ hold }) => hold.expiresAt.toISOString())),
      nullableTextArray(rows.map(({ quoteExpiresAt }) => quoteExpiresAt?.toISOString() ?? null)),
      textArray(rows.map(({ lot }) => lot.line)),
      numberArray(rows.map(({ hold }) => hold.lots.length)),
    ],
  );
}

/** Lots after the first of a hold, and the place of the first of them. */
interface NewLots {
  readonly hold: HoldKey;
  readonly lots: readonly HoldLot[];
  readonly firstLot: number;
}

async function insertLots(tx: Sql, added: readonly NewLots[]): Promise<void> {
  const rows = added.flatMap(({ hold, lots, firstLot }) =>
    lots.map((lot, index) => ({ ...lot, hold, place: firstLot + index })),
  );
  if (rows.length === 0) return;
  await tx.query(
    `insert into hold_lots (provider, hold_id, lot, line, meter, dimensions, quantity, rate, held_at)
     select * from unnest($1::bytea[], $2::text[], $3::smallint[], $4::text[], $5::text[],
       $6::jsonb[], $7::bigint[], $8::jsonb[], $9::timestamptz[])`,
    [
      byteaArray(rows.map(({ hold }) => hold.provider)),
      textArray(rows.map(({ hold }) => hold.id)),
      numberArray(rows.map(({ place }) => place)),
      textArray(rows.map(({ line }) => line)),
      textArray(rows.map(({ meter }) => meter)),
      textArray(rows.map(({ dimensions }) => JSON.stringify(dimensions))),
      numberArray(rows.map(({ quantity }) => quantity)),
      textArray(rows.map(({ rate }) => fromPinnedRate(rate))),
      textArray(rows.map(({ heldAt }) => heldAt.toISOString())),
    ],
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
      numberArray(holds.map(({ lots }) => lots[0]?.capturedMicros ?? 0n)),
      numberArray(holds.map(({ lots }) => lots[0]?.capturedQuantity ?? 0n)),
      nullableTextArray(holds.map(({ resolution }) => resolution?.as ?? null)),
      nullableTextArray(holds.map(({ resolution }) => resolution?.at.toISOString() ?? null)),
    ],
  );
  await updateLots(tx, holds);
  const rows = holds.flatMap((hold) => partRows(hold, hold.lots, { lot: 0, part: 0 }));
  // Plan: hold_parts by primary key.
  await tx.query(
    `update hold_parts set held_micros = changed.held_micros
     from unnest($1::bytea[], $2::text[], $3::smallint[], $4::bigint[])
       as changed (provider, hold_id, part, held_micros)
     where hold_parts.provider = changed.provider and hold_parts.hold_id = changed.hold_id
       and hold_parts.part = changed.part and hold_parts.held_micros <> changed.held_micros`,
    [
      ...keysOf(rows.map(({ hold }) => hold)),
      numberArray(rows.map(({ part }) => part)),
      numberArray(rows.map(({ heldMicros }) => heldMicros)),
    ],
  );
}

async function updateLots(tx: Sql, holds: readonly Hold[]): Promise<void> {
  const rows = holds.flatMap((hold) =>
    hold.lots.slice(1).map((lot, index) => ({ ...lot, hold, place: index + 1 })),
  );
  if (rows.length === 0) return;
  // Plan: hold_lots by primary key.
  await tx.query(
    `update hold_lots l set captured_micros = changed.captured_micros,
       captured_quantity = changed.captured_quantity
     from unnest($1::bytea[], $2::text[], $3::smallint[], $4::bigint[], $5::bigint[])
       as changed (provider, hold_id, lot, captured_micros, captured_quantity)
     where l.provider = changed.provider and l.hold_id = changed.hold_id and l.lot = changed.lot
       and l.captured_quantity <> changed.captured_quantity`,
    [
      ...keysOf(rows.map(({ hold }) => hold)),
      numberArray(rows.map(({ place }) => place)),
      numberArray(rows.map(({ capturedMicros }) => capturedMicros)),
      numberArray(rows.map(({ capturedQuantity }) => capturedQuantity)),
    ],
  );
}

/** Writes extensions, apart from their notes in the log, which come before their lots. */
export async function insertExtensions(
  tx: Sql,
  extensions: readonly DecidedExtension[],
): Promise<void> {
  if (extensions.length === 0) return;
  const requests = extensions.map(({ request }) => request);
  await tx.query(
    `insert into hold_extensions (provider, hold_id, extension_id, ttl_seconds, lines)
     select * from unnest($1::bytea[], $2::text[], $3::text[], $4::integer[], $5::jsonb[])`,
    [
      ...keysOf(requests),
      textArray(requests.map(({ extensionId }) => extensionId)),
      numberArray(requests.map(({ ttlSeconds }) => ttlSeconds ?? "null")),
      textArray(requests.map(({ lines }) => jsonText(lines))),
    ],
  );
  await insertLots(
    tx,
    extensions.map(({ hold, added: lots, firstLot }) => ({ hold, lots, firstLot })),
  );
  await insertParts(
    tx,
    extensions.flatMap(({ hold, added, firstLot }) => {
      const before = partsOf({ lots: hold.lots.slice(0, firstLot) }).length;
      return partRows(hold, added, { lot: firstLot, part: before });
    }),
  );
  // Plan: holds by primary key. Of several extensions of one hold, each only adds.
  await tx.query(
    `update holds set lots = changed.lots, expires_at = changed.expires_at,
       first_expires_at = coalesce(first_expires_at, holds.expires_at)
     from (select provider, hold_id, max(lots) as lots, max(expires_at) as expires_at
       from unnest($1::bytea[], $2::text[], $3::smallint[], $4::timestamptz[])
         as each (provider, hold_id, lots, expires_at) group by provider, hold_id) as changed
     where holds.provider = changed.provider and holds.hold_id = changed.hold_id`,
    [
      ...keysOf(requests),
      numberArray(extensions.map(({ firstLot, added }) => firstLot + added.length)),
      textArray(extensions.map(({ hold }) => hold.expiresAt.toISOString())),
    ],
  );
}

interface PartRow {
  readonly hold: HoldKey;
  readonly lot: number;
  readonly part: number;
  readonly account: `0x${string}`;
  readonly allowance: `0x${string}`;
  readonly heldMicros: bigint;
}

/** The rows of lots, from the place of the first lot and the number of its first part on. */
function partRows(
  hold: HoldKey,
  lots: readonly HoldLot[],
  from: { readonly lot: number; readonly part: number },
): readonly PartRow[] {
  let { part } = from;
  return lots.flatMap(({ parts }, index) =>
    parts.map((paid) => ({ ...paid, hold, lot: from.lot + index, part: part++ })),
  );
}

async function insertParts(tx: Sql, rows: readonly PartRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `insert into hold_parts (provider, hold_id, part, account, allowance, held_micros, lot)
     select * from unnest($1::bytea[], $2::text[], $3::smallint[], $4::bytea[], $5::bytea[],
       $6::bigint[], $7::smallint[])`,
    [
      ...keysOf(rows.map(({ hold }) => hold)),
      numberArray(rows.map(({ part }) => part)),
      byteaArray(rows.map(({ account }) => account)),
      byteaArray(rows.map(({ allowance }) => allowance)),
      numberArray(rows.map(({ heldMicros }) => heldMicros)),
      numberArray(rows.map(({ lot }) => lot)),
    ],
  );
}

function keysOf(holds: readonly HoldKey[]): string[] {
  return [byteaArray(holds.map(({ provider }) => provider)), textArray(holds.map(({ id }) => id))];
}
