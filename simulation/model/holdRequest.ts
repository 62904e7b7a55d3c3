import type { HoldRequest } from "@compute-credits/rules/holds/authorize";

/** A lane's hold request. `quoteNumber` refers to one of the lane's earlier quotes. */
export type SimulatedHold = Omit<HoldRequest, "quote"> & { readonly quoteNumber: number | null };
