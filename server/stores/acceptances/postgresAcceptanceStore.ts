import { decideAcceptance } from "@compute-credits/rules/acceptances/acceptance";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { withRetries } from "@compute-credits/platform/postgres/retry";
import { readClock } from "@compute-credits/platform/postgres/clock";
import { lockAccount } from "../issuing/lockAccount.ts";
import { bytea } from "@compute-credits/platform/postgres/values";
import type { Acceptance, AcceptanceStore, Offer, Pair } from "./acceptanceStore.ts";
import {
  type AcceptanceRules,
  changeAcceptance,
  isAliveSql,
  readAcceptance,
  refuseOneMore,
} from "./acceptanceRecord.ts";

/** Lists come from `reads`, which may have connections of its own. */
export function createAcceptanceStore(
  database: Database,
  rules: AcceptanceRules,
  reads: Sql = database,
): AcceptanceStore {
  return {
    async change(change) {
      // Refusals and repetitions end here, without a lock: an account that signed nothing for the
      // spender is never locked on the spender's word.
      const before = await readAcceptance(database, change);
      if (before === null && !(await hasOffer(database, change))) {
        return { result: "refused", refusal: { reason: "offer_not_found" } };
      }
      const known = decideAcceptance(before, change, await readClock(database));
      if (known === "unchanged") {
        return { result: "unchanged", acceptance: await readPair(database, change) };
      }
      if ("reason" in known) return { result: "refused", refusal: known };
      const tooMany = await refuseOneMore(database, before, change, rules);
      if (tooMany !== null) return { result: "refused", refusal: tooMany };
      return await withRetries(() =>
        database.transaction(async (tx) => {
          await lockAccount(tx, change.account);
          const refusal = await changeAcceptance(tx, change, { rules, now: await readClock(tx) });
          return refusal === null
            ? { result: "changed", acceptance: await readPair(tx, change) }
            : { result: "refused", refusal };
        }),
      );
    },

    async isAccepted({ spender, account }) {
      // Plan: acceptances by primary key.
      const found = await reads.query(
        "select from acceptances where spender = $1 and account = $2 and accepted",
        [bytea(spender), bytea(account)],
      );
      return found.length > 0;
    },

    async accepted(spender, { after, limit }) {
      // Plan: accepted_accounts from the cursor on, accounts by primary key.
      return await reads.query<Acceptance>(
        `select ${ACCEPTANCE} from acceptances c join accounts a on a.address = c.account
         where c.spender = $1 and c.accepted and ($2::bytea is null or c.account > $2)
         order by c.account limit $3`,
        [bytea(spender), after === null ? null : bytea(after), limit],
      );
    },

    async offers(spender, { after, limit }) {
      // Plan: offers_of_spender from the cursor on, accounts by primary key.
      return await reads.query<Offer>(
        `select l.spender, l.account, ${AVAILABLE} as "availableMicros",
           count(*)::integer as allowances, min(l.created_at) as since
         from allowances l join accounts a on a.address = l.account
         where l.spender = $1 and not l.accepted and ${isAliveSql("clock_timestamp()")}
           and ($2::bytea is null or l.account > $2)
         group by l.spender, l.account, a.address order by l.account limit $3`,
        [bytea(spender), after === null ? null : bytea(after), limit],
      );
    },
  };
}

const AVAILABLE = "a.purchased - a.spent - a.held - a.refunding - a.refunded";

const ACCEPTANCE = `c.spender, c.account, c.accepted, ${AVAILABLE} as "availableMicros",
  c.changed_at as "changedAt"`;

async function readPair(sql: Sql, { spender, account }: Pair): Promise<Acceptance> {
  const [pair] = await sql.query<Acceptance>(
    `select ${ACCEPTANCE} from acceptances c join accounts a on a.address = c.account
     where c.spender = $1 and c.account = $2`,
    [bytea(spender), bytea(account)],
  );
  if (pair === undefined) throw new Error("an acceptance is missing after its change");
  return pair;
}

/** Whether the account has signed, or granted, anything for the spender. */
async function hasOffer(sql: Sql, { spender, account }: Pair): Promise<boolean> {
  // Plan: allowances_of_pair.
  const found = await sql.query(
    "select from signed_allowances where spender = $1 and account = $2 limit 1",
    [bytea(spender), bytea(account)],
  );
  return found.length > 0;
}
