import type { Address } from "viem";

import type { Sql } from "@compute-credits/platform/postgres/database";
import {
  booleanArray,
  byteaArray,
  nullableTextArray,
  textArray,
} from "@compute-credits/platform/postgres/values";
import { type HoldJob, type HoldJobs, namedEvents } from "./holdJob.ts";

/** What a look without a lock finds. */
export interface LiveJobs {
  /** jobs that a look without a lock shows to change nothing: their answers are read elsewhere */
  readonly settled: ReadonlySet<HoldJob>;
  /** the accounts that the holds of the others may change, in no order */
  readonly accounts: ReadonlySet<Address>;
}

interface NamedHold {
  /** the position of what was asked, from 1 */
  readonly n: bigint;
  readonly is_settled: boolean;
  /** those that hold credits, and those whose tier usage a capture counts; with repetitions */
  readonly accounts: readonly Address[] | null;
}

/** SQL: the accounts whose tier usage the rate counts. */
const tierAccountsOf = (rate: string) =>
  `select decode(substr(tier_account #>> '{}', 3), 'hex')
     from jsonb_path_query(${rate}, '$.**{0 to 4}.use.account') as tier_account`;

/**
 * Looks without a lock which jobs may change something, and which accounts. Settled are: a new hold
 * whose id is in use, a capture or an extension whose id is in use, and what names a hold that is
 * unknown or over. While the vault is frozen, so is all but the end of a hold.
 */
export async function findLive(
  sql: Sql,
  { authorize, capture, end, extend }: HoldJobs,
): Promise<LiveJobs> {
  const named = namedEvents([...authorize, ...capture, ...end, ...extend]);
  if (named.length === 0) return { settled: new Set(), accounts: new Set() };
  const jobs = named.map(({ job }) => job);
  // Plan: holds, hold_lots, hold_parts, hold_extensions and debits by primary key.
  const found = await sql.query<NamedHold>(
    `select n, is_new or resolved_as is not null
         or (not is_expiry and expires_at <= clock_timestamp())
         or (event_id is not null and (exists (select from chain_cursor where frozen_at is not null)
           or exists (select from debits d
             where d.provider = named.provider and d.event_id = named.event_id)))
         or (extension_id is not null and (
           exists (select from chain_cursor where frozen_at is not null)
           or exists (select from hold_extensions e where e.provider = named.provider
             and e.hold_id = named.hold_id and e.extension_id = named.extension_id))) as is_settled,
       case when not is_new then (
         select array_agg(account) from (
           select account from hold_payers p
             where p.provider = named.provider and p.hold_id = named.hold_id
               and account is not null
           union all (${tierAccountsOf("rate")} where rate->>'kind' not in ('fixed', 'dynamic'))
           union all select tier_accounts.decode from hold_lots l
             cross join lateral (${tierAccountsOf("l.rate")}) as tier_accounts
             where lots > 1 and l.provider = named.provider and l.hold_id = named.hold_id
               and l.rate->>'kind' not in ('fixed', 'dynamic')
         ) as changed) end as accounts
     from unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::boolean[])
       with ordinality as named (provider, hold_id, event_id, extension_id, is_new, is_expiry, n)
       join holds using (provider, hold_id)`,
    [
      byteaArray(jobs.map(({ request }) => request.provider)),
      textArray(jobs.map(({ request }) => request.id)),
      nullableTextArray(named.map(({ eventId }) => eventId)),
      nullableTextArray(
        jobs.map((job) => (job.kind === "extend" ? job.request.extensionId : null)),
      ),
      booleanArray(jobs.map(({ kind }) => kind === "authorize")),
      booleanArray(jobs.map((job) => job.kind === "end" && job.as === "expired")),
    ],
  );
  const isSettled = new Map<HoldJob, boolean>();
  const changed = new Map<HoldJob, readonly Address[]>();
  for (const { n, is_settled: isRowSettled, accounts } of found) {
    const job = jobs[Number(n) - 1];
    if (job === undefined) continue;
    isSettled.set(job, isRowSettled || isSettled.get(job) === true);
    changed.set(job, accounts ?? []);
  }
  // What is not found changes nothing, unless it is new.
  const settled = new Set(jobs.filter((job) => isSettled.get(job) ?? job.kind !== "authorize"));
  const accounts = new Set<Address>();
  for (const job of new Set(jobs)) {
    if (settled.has(job)) continue;
    for (const account of changed.get(job) ?? []) accounts.add(account);
  }
  return { settled, accounts };
}
