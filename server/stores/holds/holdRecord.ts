import type { Address, Hex } from "viem";

import type { Hold, HoldLot, HoldPart, HoldResolution } from "@compute-credits/rules/holds/hold";
import type { HoldKey } from "@compute-credits/rules/holds/requests";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { toPinnedRate } from "@compute-credits/rules/pricing/pinnedRateJson";
import { bytea } from "@compute-credits/platform/postgres/values";

/** A lot's own columns, which `holds` has for the first one. */
interface LotColumns {
  readonly line: string;
  readonly meter: string;
  readonly dimensions: Record<string, string>;
  readonly quantity: bigint;
  readonly rate: unknown;
  readonly captured_micros: bigint;
  readonly captured_quantity: bigint;
}

export interface HoldRecord extends LotColumns {
  readonly provider: Address;
  readonly hold_id: string;
  readonly spender: Hex;
  readonly request_hash: Hex;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly resolved_as: HoldResolution["as"] | null;
  readonly resolved_at: Date | null;
}

/** A lot after the first. */
export interface LotRecord extends LotColumns {
  readonly lot: number;
  readonly held_at: Date;
}

/** A part, and the place of its lot. */
export interface PartRecord extends HoldPart {
  readonly lot: number;
}

/** SQL: the columns of a `HoldRecord`, for a statement that aliases the table as `h`. */
export const HOLD_COLUMNS_OF_H = [
  "provider",
  "hold_id",
  "spender",
  "line",
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

/** SQL: the columns of a `LotRecord`, and of a `PartRecord`. */
export const LOT_COLUMNS =
  "lot, line, meter, dimensions, quantity, rate, held_at, captured_micros, captured_quantity";
export const PART_COLUMNS = 'lot, account, allowance, held_micros as "heldMicros"';

export async function readHold(sql: Sql, { provider, id }: HoldKey): Promise<Hold | null> {
  const key = [bytea(provider), id];
  const [record] = await sql.query<HoldRecord & { readonly lots: number }>(
    `select ${HOLD_COLUMNS_OF_H}, h.lots from holds h where provider = $1 and hold_id = $2`,
    key,
  );
  if (record === undefined) return null;
  const lots =
    record.lots === 1
      ? []
      : await sql.query<LotRecord>(
          `select ${LOT_COLUMNS} from hold_lots where provider = $1 and hold_id = $2 order by lot`,
          key,
        );
  const parts = await sql.query<PartRecord>(
    `select ${PART_COLUMNS} from hold_payers
     where provider = $1 and hold_id = $2 and account is not null order by part`,
    key,
  );
  return toHold(record, lots, parts);
}

/** `lots` are those after the first; they and the parts are in order. */
export function toHold(
  record: HoldRecord,
  lots: readonly LotRecord[],
  parts: readonly PartRecord[],
): Hold {
  const { resolved_as: as, resolved_at: at } = record;
  const first = { ...record, lot: 0, held_at: record.created_at };
  return {
    provider: record.provider,
    id: record.hold_id,
    spender: record.spender,
    lots: [first, ...lots].map((lot) => toLot(lot, parts)),
    requestHash: record.request_hash,
    createdAt: record.created_at,
    expiresAt: record.expires_at,
    resolution: as === null || at === null ? null : { as, at },
  };
}

function toLot(record: LotRecord, parts: readonly PartRecord[]): HoldLot {
  const { lot, line, meter, dimensions, quantity } = record;
  return {
    line,
    meter,
    dimensions,
    quantity,
    rate: toPinnedRate(record.rate),
    heldAt: record.held_at,
    parts: parts
      .filter((part) => part.lot === lot)
      .map(({ account, allowance, heldMicros }) => ({ account, allowance, heldMicros })),
    capturedMicros: record.captured_micros,
    capturedQuantity: record.captured_quantity,
  };
}
