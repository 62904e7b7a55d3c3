import type { GasTable } from "./measure.ts";

/**
 * The most gas that each operation may use, warm, with a USDC-like token behind a proxy. The tests
 * check it.
 */
export const LIMITS: GasTable = {
  "checkpoint, 1 signer, 10 parties": 58_000,
  "checkpoint, 1 signer, 1,000 parties": 58_000,
  "checkpoint, 1 signer, 1,000,000 parties": 58_000,
  "checkpoint, 3 of 5 signers, 1,000 parties": 75_000,
  "buy, first of an account": 90_000,
  "buy, again": 72_000,
  "settle a payout, 1,000 parties": 76_000,
};
