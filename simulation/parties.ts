import { type Address, type Hex, numberToHex } from "viem";

import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";

export const DEPLOYMENT: Deployment = {
  chainId: 31337,
  contract: numberToHex(0xc0ffee, { size: 20 }),
};

/** Who takes part in a group of lanes. Nobody is in two partiesList, so that what happens in one is told by it alone. */
export interface Parties {
  readonly name: string;
  readonly accounts: readonly [Address, ...Address[]];
  readonly providers: readonly [Address, ...Address[]];
  readonly spenders: readonly [Hex, ...Hex[]];
  /** the providers that every spender gave access; the others need an allowance that names them */
  readonly trusted: readonly Address[];
}

export interface PartyCounts {
  readonly accounts: number;
  readonly spenders: number;
  readonly providers: number;
}

/** The `index`-th parties: its parties are recognisable in a failure's text. */
export function createParties(name: string, index: number, size: PartyCounts): Parties {
  const base = index * 0x1000;
  const party = (kind: number) => (n: number) =>
    numberToHex(0xa000000000 + kind * 0x10000000 + base + n, { size: 20 });
  const accounts = some(size.accounts, party(1));
  const providers = some(size.providers, party(2));
  return {
    name,
    accounts,
    providers,
    // The first account's wallet spends too: other people's credits before its own.
    spenders: [
      walletSpender(accounts[0]),
      ...some(size.spenders - 1, (n) => apiKeySpender(`${name} ${n}`)),
    ],
    trusted: providers.slice(0, Math.max(1, providers.length - 1)),
  };
}

function some<T>(count: number, make: (n: number) => T): [T, ...T[]] {
  return [make(0), ...Array.from({ length: Math.max(0, count - 1) }, (_, n) => make(n + 1))];
}
