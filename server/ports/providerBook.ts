import type { Address, Hex } from "viem";

import type { SpenderId } from "../../protocol/spender.ts";

export interface ProviderBook {
  /** Stores the hash of a provider's key. False where the same key belongs to another provider. */
  addKey(key: { provider: Address; keyHash: Hex }): Promise<boolean>;
  providerOfKey(keyHash: Hex): Promise<Address | null>;
  /** From now on the provider may bill the spender. `signature`: the spending wallet's, kept for those who check. */
  grantAccess(access: {
    spender: SpenderId;
    provider: Address;
    signature?: Hex | null;
  }): Promise<void>;
}
