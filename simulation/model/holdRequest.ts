import type { HoldRequest } from "@compute-credits/rules/holds/authorize";

/** What a lane asks to be held: with a quote, where it has one. */
export type SimulatedHold = Omit<HoldRequest, "quote"> & { readonly quoteNumber: number | null };
