import { z } from "zod";

/** The bounds of requests and of what they store, as docs/settings.md explains each. */
export const Limits = z
  .object({
    maxBatchEvents: z.int(),
    maxBodyBytes: z.int(),
    maxEventAgeSeconds: z.int(),
    maxEventAheadSeconds: z.int(),
    maxRatesPerCard: z.int(),
    maxTiersPerRate: z.int(),
    rateCardNoticeSeconds: z.int(),
    maxRateCardAheadSeconds: z.int(),
    maxPendingRateCards: z.int(),
    maxPriceMeasurements: z.int(),
    maxHoldSeconds: z.int(),
    maxOpenHolds: z.int(),
    maxQuoteSeconds: z.int(),
    maxEventIdLength: z.int(),
    maxDimensions: z.int(),
    maxDimensionValueLength: z.int(),
    maxScopeNames: z.int(),
    maxGrantsPerRequest: z.int(),
    maxGrantsPerCampaign: z.int().describe("Counts grants and codes together."),
    maxAccountsPerSpender: z.int(),
    maxAllowancesPerPair: z.int(),
    maxAllowancesPerAccount: z.int(),
    maxOffersPerAccount: z.int(),
    maxOfferSeconds: z.int(),
  })
  .meta({ id: "Limits" });
