import type { Hex } from "viem";

import type { SpenderId } from "../../../protocol/spender.ts";
import type { Allowance } from "../../domain/allowances/allowance.ts";
import type { Sql } from "../../ports/database.ts";
import { ALLOWANCE_COLUMNS_OF_L, type AllowanceRecord, toAllowance } from "./allowanceRecord.ts";
import { byteaArray } from "./values.ts";

/**
 * All the allowances that spenders have now, each as it was when this process first read it: what was signed never
 * changes, and which there are is asked each time; whether they are revoked and how far they are used is old.
 */
export type AllowanceCache = (
  sql: Sql,
  spenders: ReadonlySet<SpenderId>,
) => Promise<readonly Allowance[]>;

export function allowanceCache(): AllowanceCache {
  const seen = new Map<SpenderId, readonly Allowance[]>();
  let count = 0;

  return async (sql, spenders) => {
    // Before anything is looked up: what this batch needs must stay until it is decided.
    if (count > MOST_CACHED_ALLOWANCES) {
      seen.clear();
      count = 0;
    }
    const known = new Set<Hex>();
    const asked = [...spenders].map((spender) => {
      const [first, ...others] = seen.get(spender) ?? [];
      for (const { id } of others) known.add(id);
      return { spender, id: first?.id ?? NO_ID };
    });

    // allowances_of_spender. Most spenders have one allowance, and it is known: nothing comes back.
    const found = await sql.query<{ id: Hex }>(
      `select l.id from unnest($1::bytea[], $2::bytea[]) as known (spender, id)
       join allowances l on l.spender = known.spender and l.id <> known.id`,
      [byteaArray(asked.map(({ spender }) => spender)), byteaArray(asked.map(({ id }) => id))],
    );
    const unknown = found.filter(({ id }) => !known.has(id));
    if (unknown.length > 0) {
      // allowances by primary key
      const records = await sql.query<AllowanceRecord>(
        `select ${ALLOWANCE_COLUMNS_OF_L} from unnest($1::bytea[]) as wanted (id) join allowances l using (id)`,
        [byteaArray(unknown.map(({ id }) => id))],
      );
      for (const record of records) {
        const before = seen.get(record.spender) ?? [];
        // Another batch may have read it meanwhile.
        if (before.some(({ id }) => id === record.id)) continue;
        seen.set(record.spender, [...before, toAllowance(record)]);
        count++;
      }
    }
    return [...spenders].flatMap((spender) => seen.get(spender) ?? []);
  };
}

const NO_ID: Hex = "0x";

/** About a kilobyte each. */
const MOST_CACHED_ALLOWANCES = 150_000;
