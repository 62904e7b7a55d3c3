import type { Address } from "viem";

import { mintDollars } from "../../scripts/local/mintDollars.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import type { HostileRig } from "./rig.ts";

/** Sends one unit of the token. If the vault gets it, the next report must explain it. */
export function dollarsTo(chain: HostileRig["chain"], recipient: Address): () => Promise<void> {
  const { bob } = wallets;
  const { token } = chain;
  return () =>
    mintDollars(chain.as(bob), { token, by: bob.account, to: recipient, tokenAmount: 1n });
}
