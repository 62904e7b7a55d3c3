import type { Address } from "viem";

import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import type { Sql } from "@compute-credits/platform/postgres/database";
import {
  booleanArray,
  byteaArray,
  nullableTextArray,
  textArray,
} from "@compute-credits/platform/postgres/values";
import type { AuthorizeJob, HoldJob, HoldJobs } from "./holdJob.ts";

/** What a batch has to lock. */
export interface LiveJobs {
  /** jobs that a look without a lock shows to change nothing: their answers are read elsewhere */
  readonly settled: ReadonlySet<HoldJob>;
  /** the accounts that the others may change, in no order */
  readonly accounts: ReadonlySet<Address>;
}

/** The allowances that may pay each new hold. */
export type Candidates = ReadonlyMap<AuthorizeJob, readonly Allowance[]>;

interface NamedHold {
  /** the job's position, from 1: new holds, captures, ends */
  readonly n: bigint;
  readonly is_settled: boolean;
  /** those that hold credits, and those whose tier usage a capture counts; with repetitions */
  readonly accounts: readonly Address[] | null;
}

/**
 * Looks without a lock which jobs may change something, and which accounts. Settled are: a new hold
 * whose id is in use, a capture whose event id is in use, and what names a hold that is unknown or
 * over. While the vault is frozen, so is all but the end of a hold.
 */
export async function findLive(
  sql: Sql,
  { authorize, capture, end }: HoldJobs,
  candidates: Candidates,
): Promise<LiveJobs> {
  const jobs = [...authorize, ...capture, ...end];
  if (jobs.length === 0) return { settled: new Set(), accounts: new Set() };
  // Plan: holds, hold_parts and debits by primary key.
  const found = await sql.query<NamedHold>(
    `select n, is_new or resolved_as is not null
         or (not is_expiry and expires_at <= clock_timestamp())
         or (event_id is not null and (exists (select from chain_cursor where frozen_at is not null)
           or exists (select from debits d
             where d.provider = named.provider and d.event_id = named.event_id))) as is_settled,
       case when not is_new then (
         select array_agg(account) from (
           select account from hold_parts p
             where p.provider = named.provider and p.hold_id = named.hold_id
           union all select decode(substr(tier_account #>> '{}', 3), 'hex')
             from jsonb_path_query(rate, '$.**{0 to 4}.use.account') as tier_account
             where rate->>'kind' not in ('fixed', 'dynamic')
         ) as changed) end as accounts
     from unnest($1::bytea[], $2::text[], $3::text[], $4::boolean[], $5::boolean[])
       with ordinality as named (provider, hold_id, event_id, is_new, is_expiry, n)
       join holds using (provider, hold_id)`,
    [
      byteaArray(jobs.map(({ request }) => request.provider)),
      textArray(jobs.map(({ request }) => request.id)),
      nullableTextArray(jobs.map((job) => (job.kind === "capture" ? job.request.eventId : null))),
      booleanArray(jobs.map(({ kind }) => kind === "authorize")),
      booleanArray(jobs.map((job) => job.kind === "end" && job.as === "expired")),
    ],
  );
  const settled = new Set<HoldJob>([...capture, ...end]);
  const accounts = new Set<Address>();
  for (const { n, is_settled: isSettled, accounts: changed } of found) {
    const job = jobs[Number(n) - 1];
    if (job === undefined) continue;
    if (isSettled) settled.add(job);
    else {
      settled.delete(job);
      for (const account of changed ?? []) accounts.add(account);
    }
  }
  for (const job of authorize) {
    if (settled.has(job)) continue;
    for (const { message } of candidates.get(job) ?? []) accounts.add(message.account);
  }
  return { settled, accounts };
}
