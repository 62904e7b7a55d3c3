import { ALLOWANCES } from "./allowanceReasons.ts";
import { CAMPAIGNS } from "./campaignReasons.ts";
import { CHARGING } from "./chargingReasons.ts";
import { CHECKPOINTS } from "./checkpointReasons.ts";
import { CREDENTIALS } from "./credentialReasons.ts";
import { EVIDENCE_REASONS } from "./evidenceReasons.ts";
import { MARKET_REASONS } from "./marketReasons.ts";
import { DEPOSITS } from "./depositReasons.ts";
import { PRICING } from "./pricingReasons.ts";
import { REQUEST } from "./requestReasons.ts";
import { RULES } from "./ruleReasons.ts";
import { TOP_UPS } from "./topUpReasons.ts";
import { USAGE } from "./usageReasons.ts";
import { WEBHOOK } from "./webhookReasons.ts";

/** The reasons by topic, in the order of docs/reasons.md. */
export const REASONS_BY_TOPIC = {
  request: REQUEST,
  credentials: CREDENTIALS,
  allowances: ALLOWANCES,
  charging: CHARGING,
  usage: USAGE,
  campaigns: CAMPAIGNS,
  rules: RULES,
  evidence: EVIDENCE_REASONS,
  pricing: PRICING,
  market: MARKET_REASONS,
  checkpoints: CHECKPOINTS,
  webhooks: WEBHOOK,
  deposits: DEPOSITS,
  "top-ups": TOP_UPS,
};

/**
 * Every `reason` of a problem document. Reasons are stable: programs branch on them. A server
 * gives no other reason and no other status, because `problem()` takes none.
 */
export const REASONS = {
  ...REQUEST,
  ...CREDENTIALS,
  ...ALLOWANCES,
  ...CHARGING,
  ...USAGE,
  ...CAMPAIGNS,
  ...RULES,
  ...EVIDENCE_REASONS,
  ...PRICING,
  ...MARKET_REASONS,
  ...CHECKPOINTS,
  ...WEBHOOK,
  ...DEPOSITS,
  ...TOP_UPS,
};

export type Reason = keyof typeof REASONS;

/** The statuses that the table allows for a reason. */
export type StatusOf<R extends Reason> = (typeof REASONS)[R]["statuses"][number];
