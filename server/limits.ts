import type { Terms } from "@compute-credits/platform/chain/chainReader";

/** The bounds of requests and of what they store, as docs/settings.md explains each. */
export interface Limits {
  readonly maxBatchEvents: number;
  readonly maxBodyBytes: number;
  readonly maxEventAgeSeconds: number;
  readonly maxEventAheadSeconds: number;
  readonly maxRatesPerCard: number;
  readonly maxTiersPerRate: number;
  readonly rateCardNoticeSeconds: number;
  readonly maxRateCardAheadSeconds: number;
  readonly maxPendingRateCards: number;
  readonly maxPriceMeasurements: number;
  readonly maxHoldSeconds: number;
  readonly maxOpenHoldsPerSpender: number;
  readonly maxQuoteSeconds: number;
  readonly maxEventIdLength: number;
  readonly maxDimensions: number;
  readonly maxDimensionValueLength: number;
  readonly maxScopeNames: number;
  readonly maxGrantsPerRequest: number;
  /** counts grants and codes together */
  readonly maxGrantsPerCampaign: number;
}

/**
 * How long a hold may last. If the owner ends the allowance on chain, what is held still counts,
 * and the checkpoint that charges it must be submitted within `counterGraceSeconds` after that.
 * Before it come a checkpoint in dispute, with its answers, and the settler's pause.
 */
export function longestHoldSeconds(
  {
    counterGraceSeconds,
    disputeWindowSeconds,
    answerWindowSeconds,
  }: Pick<Terms, "counterGraceSeconds" | "disputeWindowSeconds" | "answerWindowSeconds">,
  settlePauseSeconds: number,
): number {
  const spare = counterGraceSeconds - disputeWindowSeconds - answerWindowSeconds;
  return Math.max(1, spare - settlePauseSeconds);
}
