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
  readonly maxOpenHolds: number;
  readonly maxQuoteSeconds: number;
  readonly maxEventIdLength: number;
  readonly maxDimensions: number;
  readonly maxDimensionValueLength: number;
  readonly maxScopeNames: number;
  readonly maxGrantsPerRequest: number;
  /** counts grants and codes together */
  readonly maxGrantsPerCampaign: number;
  readonly maxAccountsPerSpender: number;
  readonly maxAllowancesPerPair: number;
  readonly maxAllowancesPerAccount: number;
  readonly maxOffersPerAccount: number;
  readonly maxOfferSeconds: number;
}
