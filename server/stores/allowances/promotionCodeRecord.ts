import type { Hex } from "viem";
import { z } from "zod";

import { ScopeJson } from "@compute-credits/protocol/json/allowance";
import type { PromotionCode, PromotionTerms } from "@compute-credits/rules/grants/promotionCode";
import { jsonText } from "@compute-credits/protocol/jsonText";

export const CODE_COLUMNS = "code_hash, terms, max_redemptions, redemptions, closed_at";

export interface CodeRecord {
  readonly code_hash: Hex;
  readonly terms: unknown;
  readonly max_redemptions: bigint;
  readonly redemptions: bigint;
  readonly closed_at: Date | null;
}

const micros = z.string().transform(BigInt);

/** The JSON that `toTermsJson` writes. */
const StoredTerms = z.object({
  limit: micros,
  period: micros,
  rollover: micros,
  priority: z.number().nullable(),
  scope: ScopeJson.nullable(),
  redeemBy: micros,
  validSeconds: micros,
});

export function toTermsJson({
  limit,
  period,
  rollover,
  priority,
  scope,
  redeemBy,
  validSeconds,
}: PromotionTerms): string {
  return jsonText({ limit, period, rollover, priority, scope, redeemBy, validSeconds });
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
