import type { Address, Hex } from "viem";

import type { ProviderProfileMessage } from "@compute-credits/protocol/messages/providerProfile";

export interface SignedProfile extends ProviderProfileMessage {
  readonly signature: Hex;
}

export interface PublishedProfile extends SignedProfile {
  readonly publishedAt: Date;
  /** whether the provider may charge now */
  readonly approved: boolean;
}

export type PublishedAs =
  | { readonly published: "in_force"; readonly profile: PublishedProfile }
  /** another one that was signed as late or later */
  | { readonly published: "stale"; readonly inForce: PublishedProfile }
  | { readonly published: "market_full"; readonly limit: number };

export interface ProfileStore {
  /**
   * Puts a profile in force whose signature the caller has checked, unless a later one is. The same
   * again changes nothing.
   */
  publish(profile: SignedProfile): Promise<PublishedAs>;
  /** Reads the profile in force; `null` if the provider never published one. */
  find(provider: Address): Promise<PublishedProfile | null>;
}
