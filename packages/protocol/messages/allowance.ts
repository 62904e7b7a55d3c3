import { type Address, type Hex, encodeAbiParameters, hashTypedData, keccak256 } from "viem";

import { type Deployment, signingDomain } from "./domain.ts";
import { lowercaseHex } from "../hex.ts";
import type { SpenderId } from "./spender.ts";

/** The EIP-712 type of an allowance: the same on chain, in the server and in the wallet. */
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
  /** micro-credits, per period where there is one */
  readonly limit: bigint;
  /** seconds, or `calendarMonths`; 0 = `limit` is given once */
  readonly period: bigint;
  /** micro-credits: the most of what was unspent that carries over into the next period */
  readonly rollover: bigint;
  /** seconds since 1970; periods are counted from here */
  readonly startsAt: bigint;
  /** seconds since 1970; 0 = never */
  readonly expiresAt: bigint;
  /** lower is spent first */
  readonly priority: number;
  /** `scopeHash` of what it is good for; `NO_SCOPE` = everything */
  readonly scope: Hex;
  /** micro-credits: the most that the account may ever have been charged in total after a debit of this allowance */
  readonly accountCap: bigint;
  /** the account's counter on chain when it was signed */
  readonly counter: bigint;
  readonly salt: bigint;
}

/** What an allowance is good for; an empty list means every provider, or every meter. */
export interface Scope {
  readonly providers: readonly Address[];
  readonly meters: readonly string[];
}

export const NO_SCOPE: Hex = `0x${"00".repeat(32)}`;

/** Independent of the order in which the lists are written: they are sorted, in lower case, before hashing. */
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

/** The allowance's id: its EIP-712 digest, so that one signature is one allowance, however often it is sent. */
export function allowanceId(deployment: Deployment, message: AllowanceMessage): Hex {
  return hashTypedData(allowanceTypedData(deployment, message));
}

/** What the account's owner signs. */
export function allowanceTypedData(deployment: Deployment, message: AllowanceMessage) {
  return {
    domain: signingDomain(deployment),
    types: ALLOWANCE_TYPES,
    primaryType: "Allowance",
    message,
  } as const;
}
