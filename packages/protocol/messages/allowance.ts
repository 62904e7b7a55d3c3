import { type Address, type Hex, encodeAbiParameters, hashTypedData, keccak256 } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";
import { lowercaseHex } from "../hex.ts";
import type { SpenderId } from "./spender.ts";

/** The EIP-712 type of an allowance. The contract, the server and wallets hash the same type. */
export const ALLOWANCE_TYPES = {
  Allowance: [
    { name: "account", type: "address" },
    { name: "spender", type: "bytes32" },
    { name: "limit", type: "uint64" },
    { name: "period", type: "uint64" },
    { name: "rollover", type: "uint64" },
    { name: "startsAt", type: "uint64" },
    { name: "expiresAt", type: "uint64" },
    { name: "priority", type: "uint8" },
    { name: "scope", type: "bytes32" },
    { name: "accountCap", type: "uint64" },
    { name: "counter", type: "uint64" },
    { name: "salt", type: "uint256" },
  ],
} as const;

/** A signed permission: `spender` may spend up to `limit` of the credits of `account`. */
export interface AllowanceMessage {
  readonly account: Address;
  readonly spender: SpenderId;
  /** micro-credits per period; in total if `period` is 0 */
  readonly limit: bigint;
  /** seconds, or `calendarMonths`; 0 = no renewal */
  readonly period: bigint;
  /** micro-credits: the most that carries over from one period to the next */
  readonly rollover: bigint;
  /** seconds since 1970; the first period begins here */
  readonly startsAt: bigint;
  /** seconds since 1970; 0 = never */
  readonly expiresAt: bigint;
  /** lower is spent first */
  readonly priority: number;
  /** `scopeHash` of the providers and meters it pays for; `NO_SCOPE` = all */
  readonly scope: Hex;
  /** micro-credits: the highest total that the account may reach with a debit of this allowance */
  readonly accountCap: bigint;
  /** the account's counter on chain at signing; raising it voids the allowance */
  readonly counter: bigint;
  readonly salt: bigint;
}

/** The providers and meters that an allowance pays for. An empty list means all of them. */
export interface Scope {
  readonly providers: readonly Address[];
  readonly meters: readonly string[];
}

export const NO_SCOPE: Hex = `0x${"00".repeat(32)}`;

/**
 * Hashes a scope. Sorts both lists and lowercases addresses first, so that order does not matter.
 */
export function scopeHash({ providers, meters }: Scope): Hex {
  if (providers.length === 0 && meters.length === 0) return NO_SCOPE;
  const sortedProviders = providers.map(lowercaseHex).toSorted();
  return keccak256(
    encodeAbiParameters(
      [{ type: "address[]" }, { type: "string[]" }],
      [sortedProviders, meters.toSorted()],
    ),
  );
}

/** The allowance's id is its EIP-712 digest: posting one signature twice gives one allowance. */
export function allowanceId(deployment: Deployment, message: AllowanceMessage): Hex {
  return hashTypedData(allowanceTypedData(deployment, message));
}

/** The typed data that the account's owner signs. */
export function allowanceTypedData(deployment: Deployment, message: AllowanceMessage) {
  return {
    domain: signingDomain(deployment),
    types: ALLOWANCE_TYPES,
    primaryType: "Allowance",
    message,
  } as const;
}
