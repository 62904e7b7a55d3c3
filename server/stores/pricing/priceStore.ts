import type { Address } from "viem";

import type { PricePreview } from "@compute-credits/rules/pricing/preview";
import type { PriceRefusal } from "@compute-credits/rules/pricing/price";

export interface PreviewRequest {
  readonly provider: Address;
  /** the payer, whose usage decides the tier; `null` prices without prior usage */
  readonly account: Address | null;
  readonly measurements: readonly PreviewMeasurement[];
}

export interface PreviewMeasurement {
  readonly meter: string;
  readonly quantity: bigint;
  readonly dimensions: Readonly<Record<string, string>>;
  /** `null` for now; a future time is priced by the cards published for it */
  readonly time: Date | null;
}

export interface PriceStore {
  /**
   * Computes what the measurements would cost if they were charged one after another. Charges
   * nothing.
   */
  preview(
    request: PreviewRequest,
  ): Promise<readonly (PricePreview | { readonly refusal: PriceRefusal })[]>;
}
