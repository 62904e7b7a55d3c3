import type { Stand } from "./stand.ts";

/** Accounts and allowances that are over a limit, or whose sums differ from the log's. */
export async function countOverspent({ database }: Stand): Promise<number> {
  const [found] = await database.query<{ wrong: bigint }>(
    `with paid as (
       select account, allowance, sum(amount_micros)::bigint as micros from debits where part >= 0 group by account, allowance
     )
     select (select count(*) from accounts a
         where a.spent + held + refunding + refunded > purchased
           or a.spent <> coalesce((select sum(micros) from paid where account = a.address and allowance <> '\\x${"00".repeat(32)}'), 0))
       + (select count(*) from allowances l left join paid on paid.allowance = l.id
         where period_spent > limit_micros + carried_micros or l.spent <> coalesce(micros, 0)) as wrong`,
  );
  if (found === undefined) throw new Error("the database does not answer");
  return Number(found.wrong);
}
