import { type Address, type Hex, numberToHex, zeroHash } from "viem";

import type { BlockPoint } from "@compute-credits/platform/chain/blockPoint";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";

export const DEPLOYMENT: Deployment = {
  chainId: 31337,
  contract: numberToHex(0xc0ffee, { size: 20 }),
};

/** The block before the deployment. */
export const ORIGIN: BlockPoint = { number: 0n, hash: zeroHash, time: new Date(0) };

/** Stands for a signature of a contract wallet (ERC-1271), which it has disowned since. */
export const SIGNED_BY_CONTRACT: Hex = "0x01";

/**
 * The accounts, providers and spenders of a group of lanes. Groups never share a party, so each can
 * be checked alone.
 */
export interface Parties {
  readonly name: string;
  readonly accounts: readonly [Address, ...Address[]];
  readonly providers: readonly [Address, ...Address[]];
  readonly spenders: readonly [Hex, ...Hex[]];
  /** the account that is a contract wallet: it spends only up to the cap on record */
  readonly contractWallet: Address;
  /** providers that every spender granted access; the others need an allowance that names them */
  readonly trusted: readonly Address[];
}

export interface PartyCounts {
  readonly accounts: number;
  readonly spenders: number;
  readonly providers: number;
}

/**
 * Creates the group with this index, which shows in its addresses, so that failures are easy to
 * read.
 */
export function createParties(name: string, index: number, size: PartyCounts): Parties {
  const base = index * 0x1000;
  const party = (kind: number) => (n: number) =>
    numberToHex(0xa000000000 + kind * 0x10000000 + base + n, { size: 20 });
  const accounts = createMany(size.accounts, party(1));
  const providers = createMany(size.providers, party(2));
  return {
    name,
    accounts,
    providers,
    // The first account's wallet spends too, which tests that other people's credits are used
    // first.
    spenders: [
      walletSpender(accounts[0]),
      ...createMany(size.spenders - 1, (n) => apiKeySpender(`${name} ${n}`)),
    ],
    contractWallet: accounts.at(-1) ?? accounts[0],
    trusted: providers.slice(0, Math.max(1, providers.length - 1)),
  };
}

function createMany<T>(count: number, create: (n: number) => T): [T, ...T[]] {
  return [create(0), ...Array.from({ length: Math.max(0, count - 1) }, (_, n) => create(n + 1))];
}
