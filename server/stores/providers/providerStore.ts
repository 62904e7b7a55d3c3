import type { Address, Hex } from "viem";

import type { SpenderId } from "@compute-credits/protocol/messages/spender";

export interface ProviderKey {
  readonly provider: Address;
  readonly keyHash: Hex;
}

/** Who a key belongs to, as of a count of revocations (of keys and of access) that the database keeps. */
export interface Caller {
  readonly provider: Address;
  readonly asOfRevocations: bigint;
}

export interface ProviderAccess {
  readonly spender: SpenderId;
  readonly provider: Address;
}

/** The spending wallet's signature, kept for those who check; `null` where its holder showed an API key. */
export interface AccessSignature {
  readonly signature?: Hex | null;
}

export interface ProviderStore {
  /** Stores the hash of a provider's key. */
  addKey(key: ProviderKey): Promise<"added" | "taken" | "revoked">;
  /** `null` where nobody has it, or has it any more. */
  providerOfKey(keyHash: Hex): Promise<Address | null>;
  /** The same, with the count of revocations that it was found at. */
  callerOfKey(keyHash: Hex): Promise<Caller | null>;
  /** What `callerOfKey` found before, without asking: to be used where `asOfRevocations` is looked at again. */
  cachedCaller(keyHash: Hex): Caller | null;
  /** For good. When it was revoked; `null` where the provider has no such key. */
  revokeKey(key: ProviderKey): Promise<Date | null>;
  /** From now on the provider may bill the spender. False where the spender took that back before. */
  grantAccess(access: ProviderAccess & AccessSignature): Promise<boolean>;
  /** For good: nothing that is reported or held after this goes by it. When it was revoked; `null` where it never was given. */
  revokeAccess(access: ProviderAccess & AccessSignature): Promise<Date | null>;
}
