import type { Address } from "viem";

import type { CardProposal, PublicationRefusal } from "@compute-credits/rules/pricing/publication";
import type { RateCard } from "@compute-credits/rules/pricing/rateCard";

export type PublishResult =
  | { readonly published: "added" | "unchanged"; readonly card: RateCard }
  | { readonly published: "refused"; readonly refusal: PublicationRefusal };

export interface CardPage {
  /** `null` for the operator's own; left out for everybody's */
  readonly provider?: Address | null;
  /** versions below this one; `null` for the newest */
  readonly before: number | null;
  readonly limit: number;
}

export interface RateCardStore {
  /** newest first */
  list(page: CardPage): Promise<readonly RateCard[]>;
  byVersion(version: number): Promise<RateCard | null>;
  /** Adds a version, unless its publisher's newest says the same. What is in force, or was, is never changed. */
  publish(proposal: CardProposal): Promise<PublishResult>;
}
