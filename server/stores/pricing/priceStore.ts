import type { Address } from "viem";

import type { PricePreview } from "@compute-credits/rules/pricing/preview";
import type { PriceRefusal } from "@compute-credits/rules/pricing/price";

export interface PreviewRequest {
  readonly provider: Address;
  /** whose usage decides about tiers; without one, none was used */
  readonly account: Address | null;
  readonly measurements: readonly PreviewMeasurement[];
}

export interface PreviewMeasurement {
  readonly meter: string;
  readonly quantity: bigint;
  readonly dimensions: Readonly<Record<string, string>>;
  /** `null` for now; a time to come is priced by the cards that are published for it */
  readonly time: Date | null;
}

export interface PriceStore {
  /** What the measurements would cost, charged one after the other. Charges nothing. */
  preview(
    request: PreviewRequest,
  ): Promise<readonly (PricePreview | { readonly refusal: PriceRefusal })[]>;
}
