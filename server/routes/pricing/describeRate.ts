import type { FixedRate, Rate } from "@compute-credits/rules/pricing/rate";

type WithKind = Exclude<Rate, FixedRate> | (FixedRate & { readonly kind: "fixed" });

/** Names the kind of a fixed rate, which may be left out where there is no other. */
export function describeRate(rate: Rate): WithKind {
  return "tiers" in rate || "multiplier" in rate ? rate : { ...rate, kind: "fixed" };
}
