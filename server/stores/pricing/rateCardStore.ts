import type { Address } from "viem";

import type { CardProposal, PublicationRefusal } from "@compute-credits/rules/pricing/publication";
import type { RateCard } from "@compute-credits/rules/pricing/rateCard";

export type PublishResult =
  | { readonly published: "added" | "unchanged"; readonly card: RateCard }
  | { readonly published: "refused"; readonly refusal: PublicationRefusal };

export interface CardPage {
  /** `null` for the operator's cards; left out for all cards */
  readonly provider?: Address | null;
  /** lists versions below this one; `null` starts at the newest */
  readonly before: number | null;
  readonly limit: number;
}

export interface RateCardStore {
  /** Lists cards, newest first. */
  list(page: CardPage): Promise<readonly RateCard[]>;
  byVersion(version: number): Promise<RateCard | null>;
  /**
   * Adds a version, unless the publisher's newest card has the same rates. Published versions never
   * change. Throws `ProviderBoundReached` if a provider has as many cards as it may.
   */
  publish(proposal: CardProposal): Promise<PublishResult>;
}
