import type { Rate, RateCard } from "../domain/rates/rateCard.ts";

export type PublishResult =
  | { readonly published: "added" | "unchanged"; readonly card: RateCard }
  /** a version that starts then, or later, exists and says something else; or it would start in the past */
  | { readonly published: "refused"; readonly because: string };

export interface RateCardBook {
  /** every version, oldest first */
  all(): Promise<readonly RateCard[]>;
  /** Adds a version, unless the newest is this very one. What is in force, or was, is never changed. */
  publish(card: { effectiveFrom: Date; rates: readonly Rate[] }): Promise<PublishResult>;
}
