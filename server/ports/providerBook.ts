import type { Address, Hex } from "viem";

import type { SpenderId } from "../../protocol/spender.ts";

export interface ProviderKey {
  readonly provider: Address;
  readonly keyHash: Hex;
}

export interface ProviderAccess {
  readonly spender: SpenderId;
  readonly provider: Address;
}

export interface ProviderBook {
  /** Stores the hash of a provider's key. */
  addKey(key: ProviderKey): Promise<"added" | "taken" | "revoked">;
  /** `null` where nobody has it, or has it any more. */
  providerOfKey(keyHash: Hex): Promise<Address | null>;
  /** For good. When it was revoked; `null` where the provider has no such key. */
  revokeKey(key: ProviderKey): Promise<Date | null>;
  /** From now on the provider may bill the spender. False where the spender took that back before. */
  grantAccess(access: ProviderAccess): Promise<boolean>;
  /** For good: nothing that is reported or held after this goes by it. When it was revoked; `null` where it never was given. */
  revokeAccess(access: ProviderAccess): Promise<Date | null>;
}
