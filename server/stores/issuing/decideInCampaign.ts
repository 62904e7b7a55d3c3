import type { Hex } from "viem";

import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import { type Issuer, mayIssue } from "@compute-credits/rules/grants/issuer";
import { type IssuingRefusal, issuingRefusal } from "@compute-credits/rules/grants/issuing";
import { readClock } from "@compute-credits/platform/postgres/clock";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { withRetries } from "@compute-credits/platform/postgres/retry";
import { bytea } from "@compute-credits/platform/postgres/values";
import { enterIntoLog } from "../acceptances/acceptanceRecord.ts";
import {
  ALLOWANCE_COLUMNS_OF_L,
  type AllowanceRecord,
  toAllowance,
} from "../allowances/allowanceRecord.ts";
import { lockAccountOf } from "./lockAccount.ts";
import { readKey } from "./postgresIssuingKeyStore.ts";

export interface IssuingRequest {
  /** of the campaign */
  readonly id: Hex;
  /** `null` for a redemption or a claim, which needs none */
  readonly issuer: Issuer | null;
}

export type Decide<T> = (sql: Sql, campaign: Allowance, now: Date) => Promise<Decision<T>>;

/** What a request comes to: an answer that changes nothing, or the writes that lead to one. */
export type Decision<T> =
  | { readonly answer: T }
  | {
      /** Call it under the lock, if `decide` read its state under the same lock. */
      readonly write: (tx: Sql) => Promise<T>;
    };

/**
 * Decides on one snapshot without a lock, and answers if nothing is to be written. Otherwise
 * decides again under the lock of the campaign's account, which debits and revocations take too,
 * and writes. So grants of a campaign are issued one request at a time, and none after its
 * revocation returned; a stranger's unknown code never holds the account.
 */
export async function decideInCampaign<T>(
  database: Database,
  { id, issuer }: IssuingRequest,
  decide: Decide<T>,
): Promise<T | IssuingRefusal> {
  const first = await database.transaction((tx) => decideIn(tx, id, issuer, decide), {
    isolation: "repeatable read",
  });
  if ("answer" in first) return first.answer;
  return await withRetries(() =>
    database.transaction(async (tx) => {
      await lockAccountOf(tx, id);
      const decision = await decideIn(tx, id, issuer, decide);
      return "answer" in decision ? decision.answer : await decision.write(tx);
    }),
  );
}

async function decideIn<T>(
  sql: Sql,
  id: Hex,
  issuer: Issuer | null,
  decide: Decide<T>,
): Promise<Decision<T | IssuingRefusal>> {
  const [record] = await sql.query<AllowanceRecord & { account_counter: bigint }>(
    `select ${ALLOWANCE_COLUMNS_OF_L}, a.counter as account_counter
     from allowances l join accounts a on a.address = l.account where l.id = $1`,
    [bytea(id)],
  );
  if (record === undefined) throw new Error(`campaign ${id} does not exist`);
  const campaign = toAllowance(record);
  const now = await readClock(sql);
  const refusal = issuingRefusal(campaign, { now, counter: record.account_counter });
  if (refusal !== null) return { answer: refusal };
  const isIssuer = issuer === null || (await readMayIssue(sql, campaign, issuer));
  return isIssuer ? await decide(sql, campaign, now) : { answer: { reason: "not_the_issuer" } };
}

async function readMayIssue(sql: Sql, campaign: Allowance, issuer: Issuer): Promise<boolean> {
  const key = await readKey(sql, issuer);
  return mayIssue(campaign, issuer, key);
}

/** How many more grants and codes the campaign may have. */
export async function readRemainingGrants(
  sql: Sql,
  campaign: Hex,
  { maxGrantsPerCampaign }: { readonly maxGrantsPerCampaign: number },
): Promise<number> {
  const [issued] = await sql.query<{ count: bigint }>(
    "select issued_count as count from allowances where id = $1",
    [bytea(campaign)],
  );
  return Math.max(0, maxGrantsPerCampaign - Number(issued?.count ?? 0n));
}

/** Counts grants and codes of a campaign. Call it before they are written. */
export async function countIssued(tx: Sql, campaign: Hex, count: number): Promise<void> {
  if (count === 0) return;
  await tx.query("update signed_allowances set issued_count = issued_count + $2 where id = $1", [
    bytea(campaign),
    count,
  ]);
  // Its grants will need it there, before them.
  await enterIntoLog(tx, [campaign]);
}
