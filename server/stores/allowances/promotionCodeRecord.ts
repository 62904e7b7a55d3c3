import type { Hex } from "viem";
import type { Issuer } from "@compute-credits/rules/grants/issuer";
import type { PromotionCode, PromotionTerms } from "@compute-credits/rules/grants/promotionCode";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { promotionHash } from "@compute-credits/rules/grants/promotionCode";
import { StoredTerms } from "@compute-credits/rules/log/storedJson";
import type { Sql } from "@compute-credits/platform/postgres/database";
import {
  bytea,
  byteaArray,
  numberArray,
  textArray,
} from "@compute-credits/platform/postgres/values";
import { writeNotes } from "../log/writeNotes.ts";
import type { NewCode } from "./grantStore.ts";

export const CODE_COLUMNS = "code_hash, terms, max_redemptions, redemptions, closed_at";

export interface CodeRecord {
  readonly code_hash: Hex;
  readonly terms: unknown;
  readonly max_redemptions: bigint;
  readonly redemptions: bigint;
  readonly closed_at: Date | null;
}

/** The terms that are stored as JSON (`StoredTerms`). */
function storedTerms({
  limit,
  period,
  rollover,
  priority,
  scope,
  redeemBy,
  validSeconds,
}: PromotionTerms): Omit<PromotionTerms, "maxRedemptions"> {
  return { limit, period, rollover, priority, scope, redeemBy, validSeconds };
}

export function toPromotionCode(record: CodeRecord): PromotionCode {
  return {
    ...StoredTerms.parse(record.terms),
    codeHash: record.code_hash,
    maxRedemptions: record.max_redemptions,
    redemptions: record.redemptions,
    closedAt: record.closed_at,
  };
}

/** Reads a code; `null` if the campaign has none with this hash. */
export async function readCode(
  sql: Sql,
  campaign: Hex,
  codeHash: Hex,
): Promise<PromotionCode | null> {
  // Plan: promotion_codes by primary key.
  const [record] = await sql.query<CodeRecord>(
    `select ${CODE_COLUMNS} from promotion_codes where campaign = $1 and code_hash = $2`,
    [bytea(campaign), bytea(codeHash)],
  );
  return record === undefined ? null : toPromotionCode(record);
}

/** Reads the hashes of the terms of those codes that exist. */
export async function readTermsHashes(
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

/** Inserts new codes of one campaign. The caller holds the account's lock. */
export async function insertCodes(
  tx: Sql,
  campaign: Hex,
  codes: readonly NewCode[],
  { issuer, now }: { readonly issuer: Issuer; readonly now: Date },
): Promise<void> {
  if (codes.length === 0) return;
  await tx.query(
    `insert into promotion_codes (campaign, code_hash, terms, terms_hash, max_redemptions,
       issuer, created_at)
     select $1, *, $6, $7 from unnest($2::bytea[], $3::jsonb[], $4::bytea[], $5::bigint[])`,
    [
      bytea(campaign),
      byteaArray(codes.map(({ codeHash }) => codeHash)),
      textArray(codes.map((code) => jsonText(storedTerms(code)))),
      byteaArray(codes.map(promotionHash)),
      numberArray(codes.map(({ maxRedemptions }) => maxRedemptions)),
      bytea(issuer),
      now,
    ],
  );
  await writeNotes(
    tx,
    codes.map((code) => ({
      kind: "code",
      campaign,
      codeHash: code.codeHash,
      terms: storedTerms(code),
      maxRedemptions: code.maxRedemptions,
      issuer,
      at: now,
    })),
  );
}
