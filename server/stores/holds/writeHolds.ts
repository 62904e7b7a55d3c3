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
  packedSlice,
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

/** A hold's parties and hash, packed: one value is parsed faster than an array of each. */
const PACKED = { provider: 20, spender: 32, hash: 32, account: 20, allowance: 32 } as const;

/**
 * The rows of `holds` have the first part of the first lot. Quotes' ends are stored so that an
 * auditor can see why a quoted hold's price differs from the card in force. Numbers are indexed by
 * position, and what holds share is sent once, as in `insertDebits`.
 */
const INSERT_HOLDS = `with held as (
    insert into holds (provider, spender, request_hash, account, allowance, held_micros, hold_id,
      quantity, lots, expires_at, quote_expires_at, line, meter, dimensions, rate, created_at,
      transaction_id)
    select ${packedSlice("$1", PACKED, "provider")}, ${packedSlice("$1", PACKED, "spender")},
      ${packedSlice("$1", PACKED, "hash")},
      case when ($5::bigint[])[n] is not null then ${packedSlice("$1", PACKED, "account")} end,
      case when ($5::bigint[])[n] is not null then ${packedSlice("$1", PACKED, "allowance")} end,
      coalesce(($5::bigint[])[n], 0), hold_id, ($3::bigint[])[n], ($4::smallint[])[n],
      to_timestamp(($6::bigint[])[n]::float8 / 1000), ($7::timestamptz[])[n], ($9::text[])[kind],
      ($10::text[])[kind], ($11::jsonb[])[kind], ($12::jsonb[])[kind], $13,
      (select pg_current_xact_id()::text::bigint)
    from unnest($2::text[], $8::integer[]) with ordinality as hold (hold_id, kind, n)
    returning spender, provider, hold_id, expires_at, account)
  insert into open_holds (spender, provider, hold_id, expires_at, account) select * from held`;

/** Inserts holds of one moment with their first lots. */
async function insertFirstLots(tx: Sql, holds: readonly NewHold[]): Promise<void> {
  const [first] = holds;
  if (first === undefined) return;
  const rows = holds.map(({ hold }) => ({ hold, lot: firstLotOf(hold) }));
  const { kinds, kindOf } = lotKindsOf(rows.map(({ lot }) => lot));
  await tx.query(INSERT_HOLDS, [
    packed(rows),
    textArray(rows.map(({ hold }) => hold.id)),
    numberArray(rows.map(({ lot }) => lot.quantity)),
    numberArray(rows.map(({ hold }) => hold.lots.length)),
    numberArray(rows.map(({ lot }) => lot.parts[0]?.heldMicros ?? "null")),
    numberArray(rows.map(({ hold }) => hold.expiresAt.getTime())),
    holds.some(({ quoteExpiresAt }) => quoteExpiresAt !== null)
      ? nullableTextArray(holds.map(({ quoteExpiresAt: at }) => at?.toISOString() ?? null))
      : null,
    numberArray(kindOf),
    textArray(kinds.map(({ line }) => line)),
    textArray(kinds.map(({ meter }) => meter)),
    textArray(kinds.map(({ dimensions }) => dimensions)),
    textArray(kinds.map(({ rate }) => rate)),
    first.hold.createdAt,
  ]);
}

/** The parties of holds, as `PACKED`. A hold without a part has zeros, which are not stored. */
function packed(rows: readonly { readonly hold: Hold; readonly lot: HoldLot }[]): string {
  let digits = "\\x";
  for (const { hold, lot } of rows) {
    const [part] = lot.parts;
    digits += hold.provider.slice(2);
    digits += hold.spender.slice(2);
    digits += hold.requestHash.slice(2);
    digits += part?.account.slice(2) ?? NO_PAYER;
    if (part !== undefined) digits += part.allowance.slice(2);
  }
  return digits;
}

const NO_PAYER = "00".repeat(PACKED.account + PACKED.allowance);

function firstLotOf({ lots: [lot] }: Hold): HoldLot {
  if (lot === undefined) throw new Error("a hold has no lot");
  return lot;
}

interface LotKind {
  readonly line: string;
  readonly meter: string;
  /** JSON */
  readonly dimensions: string;
  /** JSON */
  readonly rate: string;
}

/** Returns what lots have in common, and for each lot the 1-based index of its kind. */
function lotKindsOf(lots: readonly HoldLot[]): {
  readonly kindOf: readonly number[];
  readonly kinds: readonly LotKind[];
} {
  const kinds: LotKind[] = [];
  const ordinals = new Map<string, number>();
  const kindOf = lots.map(({ line, meter, dimensions, rate }) => {
    const kind = {
      line,
      meter,
      dimensions: JSON.stringify(dimensions),
      rate: fromPinnedRate(rate),
    };
    const key = `${line} ${meter} ${kind.dimensions} ${kind.rate}`;
    const known = ordinals.get(key);
    if (known !== undefined) return known;
    ordinals.set(key, kinds.length + 1);
    return kinds.push(kind);
  });
  return { kindOf, kinds };
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
  // Plan: holds by primary key. No index has what changes.
  await tx.query(
    `update holds set captured_micros = changed.captured_micros,
       captured_quantity = changed.captured_quantity, held_micros = changed.held_micros,
       resolved_as = changed.resolved_as,
       resolved_at = to_timestamp(changed.resolved_ms::float8 / 1000)
     from unnest($1::bytea[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[],
         $7::bigint[])
       as changed (provider, hold_id, captured_micros, captured_quantity, held_micros, resolved_as,
         resolved_ms)
     where holds.provider = changed.provider and holds.hold_id = changed.hold_id`,
    [
      ...keysOf(holds),
      numberArray(holds.map(({ lots }) => lots[0]?.capturedMicros ?? 0n)),
      numberArray(holds.map(({ lots }) => lots[0]?.capturedQuantity ?? 0n)),
      numberArray(holds.map(({ lots }) => lots[0]?.parts[0]?.heldMicros ?? 0n)),
      nullableTextArray(holds.map(({ resolution }) => resolution?.as ?? null)),
      numberArray(holds.map(({ resolution }) => resolution?.at.getTime() ?? "null")),
    ],
  );
  await deleteOpen(
    tx,
    holds.filter(({ resolution }) => resolution !== null),
  );
  await updateLots(tx, holds);
  await updateParts(
    tx,
    holds.flatMap((hold) => partRows(hold, hold.lots, { lot: 0, part: 0 })),
  );
}

/** Writes the ends of holds to the log, as `writeNotes` does, without the work of any note. */
export async function writeHoldEnds(tx: Sql, holds: readonly Hold[]): Promise<void> {
  const ended = holds.flatMap(({ provider, id, resolution }) =>
    resolution === null ? [] : { provider, id, ...resolution },
  );
  if (ended.length === 0) return;
  await tx.query(
    `insert into log_notes (kind, body)
     select 'hold_end', jsonb_build_object('provider', provider, 'id', id, 'as', resolved_as, 'at', at)
     from unnest($1::text[], $2::text[], $3::text[], $4::text[])
       as ended (provider, id, resolved_as, at)`,
    [
      textArray(ended.map(({ provider }) => provider)),
      textArray(ended.map(({ id }) => id)),
      textArray(ended.map(({ as }) => as)),
      textArray(ended.map(({ at }) => at.toISOString())),
    ],
  );
}

async function deleteOpen(tx: Sql, holds: readonly Hold[]): Promise<void> {
  if (holds.length === 0) return;
  // Plan: open_holds by primary key.
  await tx.query(
    `delete from open_holds
     using unnest($1::bytea[], $2::text[], $3::bytea[]) as ended (provider, hold_id, spender)
     where open_holds.spender = ended.spender and open_holds.provider = ended.provider
       and open_holds.hold_id = ended.hold_id`,
    [...keysOf(holds), byteaArray(holds.map(({ spender }) => spender))],
  );
}

async function updateParts(tx: Sql, rows: readonly PartRow[]): Promise<void> {
  if (rows.length === 0) return;
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
  // Plan: holds and open_holds by primary key. Of several extensions of one hold, each only adds.
  await tx.query(
    `with extended as (
       update holds set lots = changed.lots, expires_at = changed.expires_at,
         first_expires_at = coalesce(first_expires_at, holds.expires_at)
       from (select provider, hold_id, max(lots) as lots, max(expires_at) as expires_at
         from unnest($1::bytea[], $2::text[], $3::smallint[], $4::timestamptz[])
           as each (provider, hold_id, lots, expires_at) group by provider, hold_id) as changed
       where holds.provider = changed.provider and holds.hold_id = changed.hold_id
       returning holds.spender, holds.provider, holds.hold_id, holds.expires_at)
     update open_holds set expires_at = extended.expires_at from extended
     where open_holds.spender = extended.spender and open_holds.provider = extended.provider
       and open_holds.hold_id = extended.hold_id`,
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

/**
 * The rows of lots, from the place of the first lot and the number of its first part on. The first
 * part of the first lot is in the hold's row.
 */
function partRows(
  hold: HoldKey,
  lots: readonly HoldLot[],
  from: { readonly lot: number; readonly part: number },
): readonly PartRow[] {
  let { part } = from;
  const [only] = lots;
  if (lots.length === 1 && from.lot === 0 && (only?.parts.length ?? 0) < 2) return [];
  return lots
    .flatMap(({ parts }, index) =>
      parts.map((paid) => ({ ...paid, hold, lot: from.lot + index, part: part++ })),
    )
    .filter((row) => row.lot > 0 || row.part > 0);
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
