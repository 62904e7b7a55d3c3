import { z } from "zod";

import { ScopeJson } from "@compute-credits/protocol/json/allowance";
import { uintField } from "@compute-credits/protocol/json/fields";

/** What grants and promotion codes have in common. `null` takes the campaign's own term. */
export const GrantTerms = z.strictObject({
  limit: uintField(64),
  period: uintField(64).default(0n),
  rollover: uintField(64).default(0n),
  priority: uintField(8).transform(Number).nullable().default(null),
  scope: z
    .strictObject({
      providers: ScopeJson.shape.providers.default([]),
      meters: ScopeJson.shape.meters.default([]),
    })
    .nullable()
    .default(null),
});

/** How many outcomes a list has of each kind. */
export const OUTCOME_COUNTS = { accepted: z.int().min(0), refused: z.int().min(0) };

/** Reasons why nothing at all is issued from an allowance. */
export const ISSUING_REASONS = [
  "allowance_not_found",
  "campaign_is_grant",
  "campaign_revoked",
  "campaign_expired",
] as const;
