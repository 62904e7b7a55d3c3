/** The limits that the simulated servers run with: small, so that all of them are met. */
export const RULES = {
  feeBps: 250n,
  maxEventAgeSeconds: 3_600,
  maxEventAheadSeconds: 60,
  maxOpenHoldsPerSpender: 8,
  maxGrantsPerCampaign: 1_000,
};

/** For the operator's cards, which take effect seconds after the start. */
export const PUBLICATION_RULES = {
  rateCardNoticeSeconds: 0,
  maxRateCardAheadSeconds: 3_600,
  maxPendingRateCards: 10,
};

/** More than `RULES.feeBps`: rounding down keeps the fee under it anyway. */
export const MAX_FEE_BPS = 300n;

/** More than any lane asks a quote to last. */
export const MAX_QUOTE_SECONDS = 3_600;

/** Signs the quotes of every simulated server. */
export const QUOTE_KEY = `0x${"51".repeat(32)}` as const;
