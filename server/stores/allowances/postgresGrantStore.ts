import type { Hex } from "viem";

import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import { type Grant, draftGrant, isExpiredGrant } from "@compute-credits/rules/grants/grant";
import { issuingRefusal } from "@compute-credits/rules/grants/issuing";
import { promotionHash, redeem, redemptionKey } from "@compute-credits/rules/grants/promotionCode";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import type {
  CodeOutcome,
  GrantStore,
  GrantOutcome,
  NewCode,
  RedeemOutcome,
} from "./grantStore.ts";
import { ALLOWANCE_COLUMNS, type AllowanceRecord, toAllowance } from "./allowanceRecord.ts";
import { readClock } from "@compute-credits/platform/postgres/clock";
import { readGrantsByKey, insertGrants } from "./grantRecord.ts";
import {
  CODE_COLUMNS,
  type CodeRecord,
  toTermsJson,
  toPromotionCode,
} from "./promotionCodeRecord.ts";
import { withRetries } from "@compute-credits/platform/postgres/retry";
import {
  bytea,
  byteaArray,
  numberArray,
  textArray,
} from "@compute-credits/platform/postgres/values";

export interface GrantRules {
  /** counts a campaign's grants and codes together */
  readonly maxGrantsPerCampaign: number;
}

export function createGrantStore(database: Database, rules: GrantRules): GrantStore {
  const tooMany = { reason: "too_many_grants", limit: rules.maxGrantsPerCampaign } as const;

  return {
    issue: (campaignId, requests) =>
      inCampaign(campaignId, async (tx, campaign, now) => {
        const existing = new Map(
          (
            await readGrantsByKey(
              tx,
              campaignId,
              requests.map(({ key }) => key),
            )
          ).map(({ key, grant }) => [key, grant.id]),
        );
        let remaining = await readRemainingGrants(tx, campaignId);
        const grants: Grant[] = [];
        const outcomes = requests.map((request): GrantOutcome => {
          const grant = draftGrant(campaign, request);
          const before = existing.get(request.key);
          if (before !== undefined) {
            return "id" in grant && grant.id === before
              ? { result: "granted", id: before, repeated: true }
              : { result: "refused", refusal: { reason: "grant_id_conflict" } };
          }
          if ("reason" in grant) return { result: "refused", refusal: grant };
          if (isExpiredGrant(grant, now))
            return { result: "refused", refusal: { reason: "grant_expired" } };
          if (remaining === 0) return { result: "refused", refusal: tooMany };
          remaining--;
          existing.set(grant.key, grant.id);
          grants.push(grant);
          return { result: "granted", id: grant.id, repeated: false };
        });
        await insertGrants(tx, grants, now);
        await countIssued(tx, campaignId, grants.length);
        return outcomes;
      }),

    addCodes: (campaignId, codes) =>
      inCampaign(campaignId, async (tx) => {
        const existing = await readTermsHashes(tx, campaignId, codes);
        let remaining = await readRemainingGrants(tx, campaignId);
        const added: NewCode[] = [];
        const outcomes = codes.map((code): CodeOutcome => {
          const hash = promotionHash(code);
          const before = existing.get(code.codeHash);
          if (before !== undefined) {
            return before === hash
              ? { result: "added", repeated: true }
              : { result: "refused", refusal: { reason: "code_conflict" } };
          }
          if (remaining === 0) return { result: "refused", refusal: tooMany };
          remaining--;
          existing.set(code.codeHash, hash);
          added.push(code);
          return { result: "added", repeated: false };
        });
        await insertCodes(tx, campaignId, added);
        await countIssued(tx, campaignId, added.length);
        return outcomes;
      }),

    async redeem({ campaign: campaignId, codeHash, spender }) {
      const outcome = await inCampaign<RedeemOutcome>(campaignId, async (tx, campaign, now) => {
        const [before] = await readGrantsByKey(tx, campaignId, [redemptionKey(codeHash, spender)]);
        if (before !== undefined)
          return { result: "redeemed", grant: before.grant, repeated: true };
        const [record] = await tx.query<CodeRecord>(
          `select ${CODE_COLUMNS} from promotion_codes where campaign = $1 and code_hash = $2`,
          [bytea(campaignId), bytea(codeHash)],
        );
        if (record === undefined)
          return { result: "refused", refusal: { reason: "code_not_found" } };
        const grant = redeem(toPromotionCode(record), campaign, spender, now);
        if ("reason" in grant) return { result: "refused", refusal: grant };
        if ((await readRemainingGrants(tx, campaignId)) === 0)
          return { result: "refused", refusal: tooMany };

        await insertGrants(tx, [grant], now);
        await countIssued(tx, campaignId, 1);
        await tx.query(
          `update promotion_codes set redemptions = redemptions + 1
           where campaign = $1 and code_hash = $2`,
          [bytea(campaignId), bytea(codeHash)],
        );
        const [stored] = await readGrantsByKey(tx, campaignId, [grant.key]);
        if (stored === undefined) throw new Error(`grant ${grant.id} is missing after its insert`);
        return { result: "redeemed", grant: stored.grant, repeated: false };
      });
      return "reason" in outcome ? { result: "refused", refusal: outcome } : outcome;
    },

    async closeCode(campaign, codeHash) {
      const [record] = await database.query<CodeRecord>(
        `update promotion_codes set closed_at = coalesce(closed_at, clock_timestamp())
         where campaign = $1 and code_hash = $2 returning ${CODE_COLUMNS}`,
        [bytea(campaign), bytea(codeHash)],
      );
      return record === undefined ? null : toPromotionCode(record);
    },

    async ofCampaign(campaign, { after, limit }) {
      // Plan: grants_of_campaign from the cursor on.
      const records = await database.query<AllowanceRecord & { grant_key: string }>(
        `select ${ALLOWANCE_COLUMNS}, grant_key from allowances
         where campaign = $1 and ($2::bytea is null
           or (created_at, id) > (select c.created_at, c.id from allowances c where c.id = $2))
         order by created_at, id limit $3`,
        [bytea(campaign), after === null ? null : bytea(after), limit],
      );
      return records.map((record) => ({ key: record.grant_key, grant: toAllowance(record) }));
    },

    async codes(campaign, { after, limit }) {
      // Plan: promotion_codes by primary key from the cursor on.
      const records = await database.query<CodeRecord>(
        `select ${CODE_COLUMNS} from promotion_codes
         where campaign = $1 and ($2::bytea is null or code_hash > $2) order by code_hash limit $3`,
        [bytea(campaign), after === null ? null : bytea(after), limit],
      );
      return records.map(toPromotionCode);
    },
  };

  /**
   * Runs `work` under the lock of the campaign's account, which debits and revocations take too. So
   * grants of a campaign are issued one request at a time, and none after its revocation returned.
   */
  function inCampaign<T>(
    id: Hex,
    work: (tx: Sql, campaign: Allowance, now: Date) => Promise<T>,
  ): Promise<T | NonNullable<ReturnType<typeof issuingRefusal>>> {
    return withRetries(() =>
      database.transaction(async (tx) => {
        const [account] = await tx.query<{ counter: bigint }>(
          `select counter from accounts
           where address = (select account from allowances where id = $1) for update`,
          [bytea(id)],
        );
        const [record] = await tx.query<AllowanceRecord>(
          `select ${ALLOWANCE_COLUMNS} from allowances where id = $1`,
          [bytea(id)],
        );
        if (account === undefined || record === undefined) {
          throw new Error(`campaign ${id} does not exist`);
        }
        const campaign = toAllowance(record);
        const now = await readClock(tx);
        const refusal = issuingRefusal(campaign, { now, counter: account.counter });
        return refusal ?? (await work(tx, campaign, now));
      }),
    );
  }

  async function readRemainingGrants(tx: Sql, campaign: Hex): Promise<number> {
    const [issued] = await tx.query<{ count: bigint }>(
      "select issued_count as count from allowances where id = $1",
      [bytea(campaign)],
    );
    return Math.max(0, rules.maxGrantsPerCampaign - Number(issued?.count ?? 0n));
  }
}

async function countIssued(tx: Sql, campaign: Hex, count: number): Promise<void> {
  if (count === 0) return;
  await tx.query("update signed_allowances set issued_count = issued_count + $2 where id = $1", [
    bytea(campaign),
    count,
  ]);
}

async function readTermsHashes(
  tx: Sql,
  campaign: Hex,
  codes: readonly NewCode[],
): Promise<Map<Hex, Hex>> {
  const records = await tx.query<{ code_hash: Hex; terms_hash: Hex }>(
    `select code_hash, terms_hash from promotion_codes
     where campaign = $1 and code_hash = any($2::bytea[])`,
    [bytea(campaign), byteaArray(codes.map(({ codeHash }) => codeHash))],
  );
  return new Map(records.map((record) => [record.code_hash, record.terms_hash]));
}

async function insertCodes(tx: Sql, campaign: Hex, codes: readonly NewCode[]): Promise<void> {
  if (codes.length === 0) return;
  await tx.query(
    `insert into promotion_codes (campaign, code_hash, terms, terms_hash, max_redemptions)
     select $1, * from unnest($2::bytea[], $3::jsonb[], $4::bytea[], $5::bigint[])`,
    [
      bytea(campaign),
      byteaArray(codes.map(({ codeHash }) => codeHash)),
      textArray(codes.map(toTermsJson)),
      byteaArray(codes.map(promotionHash)),
      numberArray(codes.map(({ maxRedemptions }) => maxRedemptions)),
    ],
  );
}
