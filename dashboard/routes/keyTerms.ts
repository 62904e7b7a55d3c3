import type { Address, Hex } from "viem";

import { WHOLE_ACCOUNT } from "@compute-credits/client/wallet/signedAllowance";
import type { Period } from "@compute-credits/client/wallet/period";
import { parseAddress } from "@compute-credits/protocol/address";
import { parseCredits } from "@compute-credits/protocol/amounts";
import { MeterName } from "@compute-credits/protocol/json/names";
import { creditsText } from "../parts/creditsText.ts";
import { fieldText } from "../parts/fieldText.ts";

/** What an owner chose for a new key. Amounts are micro-credits. */
export interface KeyTerms {
  readonly limitMicros: bigint;
  readonly period?: Period;
  /** seconds since 1970 */
  readonly expiresAt?: bigint;
  readonly accountCapMicros?: bigint;
  readonly scope: { readonly providers: readonly Address[]; readonly meters: readonly string[] };
}

export const RENEWALS = {
  never: null,
  "every day": { seconds: 86_400n },
  "every week": { seconds: 604_800n },
  "every month": { months: 1 },
} as const satisfies Record<string, Period | null>;

const DAY_MS = 86_400_000;

/** Reads the form, or says what to mend in it. */
export function readTerms(
  form: HTMLFormElement,
): { readonly terms: KeyTerms } | { readonly mistake: string } {
  try {
    return { terms: termsIn(form) };
  } catch (error) {
    if (error instanceof RangeError) return { mistake: error.message };
    throw error;
  }
}

function termsIn(form: HTMLFormElement): KeyTerms {
  const [limit, ends, cap] = ["limit", "ends", "cap"].map((name) => fieldText(form, name));
  const limitMicros = amountIn(limit ?? "");
  const period = Object.entries(RENEWALS).find(([name]) => name === fieldText(form, "renews"))?.[1];
  return {
    limitMicros,
    ...(period == null ? {} : { period }),
    ...(ends ? { expiresAt: endOf(ends) } : {}),
    ...(cap ? { accountCapMicros: amountIn(cap) } : {}),
    scope: {
      providers: listIn(fieldText(form, "providers")).map(addressIn),
      meters: listIn(fieldText(form, "meters")).map(meterIn),
    },
  };
}

/** The end of the day in the reader's zone. */
function endOf(day: string): bigint {
  const end = new Date(`${day}T00:00:00`).getTime() + DAY_MS;
  if (!(end > Date.now()))
    throw new RangeError("The day on which it ends is over: choose a later one.");
  return BigInt(Math.floor(end / 1_000));
}

function amountIn(text: string): bigint {
  const micros = parseCredits(text);
  if (micros === 0n || micros > WHOLE_ACCOUNT) {
    throw new RangeError(`${text} credits cannot be allowed: write an amount above 0.`);
  }
  return micros;
}

function listIn(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((item) => item !== "");
}

function addressIn(text: string): Address {
  const address = parseAddress(text);
  if (address !== null) return address;
  throw new RangeError(`"${text}" is not an address: write 0x and 40 hex digits.`);
}

function meterIn(text: string): string {
  if (MeterName.safeParse(text).success) return text;
  throw new RangeError(`"${text}" is not a meter: write a name like gpu.seconds.`);
}

/** What the owner signs with these terms, in plain words. */
export function wordsOf(terms: KeyTerms, spender: Hex): readonly string[] {
  const { limitMicros, period, expiresAt, accountCapMicros, scope } = terms;
  const renewal = Object.entries(RENEWALS).find(([, each]) => each === period)?.[0];
  const end =
    expiresAt === undefined
      ? "It does not end by itself; you can revoke it."
      : `It ends on ${new Date(Number(expiresAt) * 1_000).toLocaleString()}.`;
  return [
    `Whoever has the new key may spend up to ${creditsText(limitMicros)} of your credits${
      period === undefined ? "" : `, and as much again ${renewal}`
    }.`,
    `Its spender is ${spender}.`,
    scope.providers.length === 0 ? "At any provider." : `Only at ${scope.providers.join(", ")}.`,
    scope.meters.length === 0 ? "For any work." : `Only for ${scope.meters.join(", ")}.`,
    end,
    accountCapMicros === undefined
      ? "It does not bound what all your keys charge together."
      : `It pays nothing once your account was charged ${creditsText(accountCapMicros)} in all.`,
  ];
}
