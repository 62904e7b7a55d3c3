import type { Address } from "viem";

/** Limits of the simulated servers, small enough that every run reaches them. */
export const RULES = {
  feeBps: 250n,
  // Events lie at the start of the run, when cards change, and no run may outlast this.
  maxEventAgeSeconds: 86_400,
  maxEventAheadSeconds: 60,
  maxOpenHolds: 8,
  maxGrantsPerCampaign: 1_000,
  maxAccountsPerSpender: 100,
  maxAllowancesPerPair: 1_000,
  maxAllowancesPerAccount: 10_000,
  maxOffersPerAccount: 10_000,
};

/** Whether the grants of an account need no acceptance: every second account's do not. */
export function isIssuer(account: Address): boolean {
  return BigInt(account) % 2n === 0n;
}

/** Allows cards that take effect seconds after the start. */
export const PUBLICATION_RULES = {
  rateCardNoticeSeconds: 0,
  maxRateCardAheadSeconds: 3_600,
  maxPendingRateCards: 10,
};

/** The contract's limit, above `RULES.feeBps`. */
export const MAX_FEE_BPS = 300n;

/** Longer than any quote in the simulation. */
export const MAX_QUOTE_SECONDS = 3_600;

/** The private key that signs the quotes of all simulated servers. */
export const QUOTE_KEY = `0x${"51".repeat(32)}` as const;

/** The operator's account that takes over what no cap covers any more. It never spends itself. */
export const WRITE_OFF_ACCOUNT = `0x${"0f".repeat(20)}` as const;

/** Short enough that graces end during a run. */
export const COUNTER_GRACE_SECONDS = 1;
