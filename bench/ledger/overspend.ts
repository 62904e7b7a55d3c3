import { zeroHash } from "viem";

import type { Rig } from "./rig.ts";

/**
 * Counts accounts and allowances that exceed a limit or differ from the log. Rows of the baseline
 * are left out.
 */
export async function countOverspent({ database }: Rig): Promise<number> {
  const [found] = await database.query<{ accounts: bigint; allowances: bigint }>(
    `with of_allowance as (
       select account, allowance, sum(amount_micros) as micros from debits
       where allowance <> $1 group by account, allowance
     ), of_account as (
       select account, sum(micros) as micros from of_allowance group by account
     )
     select
       (select count(*) from accounts a left join of_account paid on paid.account = a.address
        where a.spent + held + refunding + refunded > purchased
          or a.spent <> coalesce(micros, 0)) as accounts,
       (select count(*) from allowances l left join of_allowance paid on paid.allowance = l.id
        where period_spent > limit_micros + carried_micros
          or l.spent <> coalesce(micros, 0)) as allowances`,
    [`\\x${zeroHash.slice(2)}`],
  );
  if (found === undefined) throw new Error("an aggregate returned no row");
  return Number(found.accounts + found.allowances);
}

/**
 * Counts holds that are still open after all were captured or released, and accounts and allowances
 * that have something on hold without one.
 */
export async function countLeakedHolds({ database }: Rig): Promise<number> {
  const [found] = await database.query<{ count: bigint }>(
    `select (select count(*) from holds where resolved_as is null)
       + (select count(*) from open_holds)
       + (select count(*) from hold_payers where held_micros <> 0)
       + (select count(*) from accounts where held <> 0)
       + (select count(*) from allowances where period_spent <> spent) as count`,
  );
  if (found === undefined) throw new Error("an aggregate returned no row");
  return Number(found.count);
}
