import type { Address } from "viem";

import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { ADVISORY_LOCK } from "@compute-credits/platform/postgres/advisoryLocks";
import { bytea } from "@compute-credits/platform/postgres/values";
import { type DepositWatch, type DepositWatchStore, WATCH_SECONDS } from "./depositWatchStore.ts";

const COLUMNS = `watched_until as "watchedUntil", swept_at as "sweptAt",
  refused_at as "refusedAt", refusal`;

/** A refused one waits so long, doubled with each refusal, up to a day. */
const FIRST_WAIT_SECONDS = 60;
const MOST_WAIT_SECONDS = 86_400;

const REFUSAL_CHARACTERS = 500;

export function createDepositWatchStore(
  database: Database,
  { most }: { readonly most: number },
): DepositWatchStore {
  return {
    watch: (account) => database.transaction((tx) => watch(tx, account, most)),

    async read(account) {
      const [found] = await database.query<DepositWatch>(
        `select ${COLUMNS} from deposit_watches
         where account = $1 and watched_until > clock_timestamp()`,
        [bytea(account)],
      );
      return found ?? null;
    },

    async takeDue(limit, afterSeconds) {
      const rows = await database.query<{ account: Address }>(
        // Plan: deposit_watches_by_look, from its oldest end.
        `update deposit_watches set checked_at = clock_timestamp()
         where account in (select account from deposit_watches
           where checked_at < clock_timestamp() - make_interval(secs => $2)
             and watched_until > clock_timestamp() and retry_at <= clock_timestamp()
           order by checked_at limit $1 for update skip locked)
         returning account`,
        [limit, afterSeconds],
      );
      return rows.map(({ account }) => account);
    },

    async swept(accounts) {
      await database.query(
        `update deposit_watches set swept_at = clock_timestamp(), refused_at = null, refusal = null,
           refusals = 0, retry_at = '-infinity', watched_until = greatest(watched_until,
             clock_timestamp() + make_interval(secs => $2))
         where account = any ($1)`,
        [accounts.map(bytea), WATCH_SECONDS.swept],
      );
    },

    async refused(account, message) {
      await database.query(
        `update deposit_watches set refused_at = clock_timestamp(), refusal = $2,
           refusals = least(refusals + 1, 100), retry_at = clock_timestamp() + make_interval(
             secs => least($3 * power(2, least(refusals, 20)), $4))
         where account = $1`,
        [
          bytea(account),
          message.slice(0, REFUSAL_CHARACTERS),
          FIRST_WAIT_SECONDS,
          MOST_WAIT_SECONDS,
        ],
      );
    },
  };
}

/** One at a time, so that the count is right. The end of a watch makes room. */
async function watch(tx: Sql, account: Address, most: number): Promise<DepositWatch | null> {
  await tx.query("select pg_advisory_xact_lock($1)", [ADVISORY_LOCK.depositWatches]);
  await tx.query("delete from deposit_watches where watched_until <= clock_timestamp()");
  const [prolonged] = await tx.query<DepositWatch>(
    `update deposit_watches set watched_until = greatest(watched_until,
       clock_timestamp() + make_interval(secs => $2)) where account = $1 returning ${COLUMNS}`,
    [bytea(account), WATCH_SECONDS.asked],
  );
  if (prolonged !== undefined) return prolonged;
  const [added] = await tx.query<DepositWatch>(
    `insert into deposit_watches (account, watched_until)
     select $1, clock_timestamp() + make_interval(secs => $2)
     where (select count(*) from deposit_watches) < $3 returning ${COLUMNS}`,
    [bytea(account), WATCH_SECONDS.asked, most],
  );
  return added ?? null;
}
