import type { Hex } from "viem";
import { z } from "zod";

import { CreditsError, type Scope } from "@compute-credits/client";
import { MAX_PERIOD_MONTHS, calendarMonths } from "@compute-credits/protocol/messages/period";
import { AddressInput, MeterInput, MicrosInput, TimeInput } from "./fields.ts";

/** The names in one scope. */
const MOST_NAMES = 20;

/** What a new key may spend. */
export const KeyTerms = z.strictObject({
  limitMicros: MicrosInput.describe(
    "The most that the key may spend, in micro-credits: in each period, or once without one.",
  ),
  periodMonths: z.int().min(1).max(MAX_PERIOD_MONTHS).optional().describe("Renews the limit."),
  expiresAt: TimeInput.optional().describe("Nothing is spent from then on."),
  providers: z.array(AddressInput).max(MOST_NAMES).default([]).describe("Only for these."),
  meters: z.array(MeterInput).max(MOST_NAMES).default([]).describe("Only for these."),
});

export type KeyTerms = z.output<typeof KeyTerms>;

/** The same as an allowance has them. */
export interface AllowanceTerms {
  readonly limitMicros: bigint;
  /** 0 without a period */
  readonly period: bigint;
  /** seconds since 1970; 0: never */
  readonly expiresAt: bigint;
  readonly scope: Scope;
}

export function allowanceTerms(terms: KeyTerms): AllowanceTerms {
  const { limitMicros, periodMonths, expiresAt, providers, meters } = terms;
  return {
    limitMicros: BigInt(limitMicros),
    period: periodMonths === undefined ? 0n : calendarMonths(periodMonths),
    expiresAt: expiresAt === undefined ? 0n : secondsOf(expiresAt),
    scope: { providers, meters },
  };
}

/** Rounds down: the key ends at the second, or before. */
function secondsOf(time: string): bigint {
  return BigInt(Math.max(1, Math.floor(Date.parse(time) / 1000)));
}

/** What became of a request for a key. */
export interface MadeKey {
  readonly spender: Hex;
  readonly account: Hex;
  readonly allowance: Hex;
  readonly campaign: Hex | null;
}

/** Throws a `CreditsError` if the user allows only smaller keys. */
export function checkLimit(limitMicros: bigint, maxKeyMicros: bigint | null): void {
  if (maxKeyMicros === null || limitMicros <= maxKeyMicros) return;
  throw new CreditsError(`A new key may have at most ${maxKeyMicros} micro-credits here.`, {
    reason: "key_limit_too_high",
    next: "Ask for a lower limitMicros, or let the user raise MAX_KEY_MICROS.",
  });
}
