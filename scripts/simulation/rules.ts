/** The limits that the simulated servers run with: small, so that all of them are met. */
export const RULES = {
  feeBps: 250n,
  maxEventAgeSeconds: 3_600,
  maxEventAheadSeconds: 60,
  maxOpenHoldsPerSpender: 8,
};

/** More than `RULES.feeBps`: rounding down keeps the fee under it anyway. */
export const MAX_FEE_BPS = 300n;
