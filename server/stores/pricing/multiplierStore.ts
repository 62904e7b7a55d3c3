import type { Address } from "viem";

import type { MultiplierStep } from "@compute-credits/rules/pricing/multiplier";
import type { FoundRate } from "@compute-credits/rules/pricing/rateIndex";

/** A provider's report of how much of its capacity at one rate is in use. */
export interface UtilisationReport {
  readonly provider: Address;
  readonly meter: string;
  /** the rate's own dimensions, not those of an event */
  readonly dimensions: Readonly<Record<string, string>>;
  readonly utilisationBps: bigint;
}

export type ReportResult =
  | { readonly step: MultiplierStep; readonly rate: DynamicState }
  | { readonly refusal: "unknown_rate" | "rate_not_dynamic" }
  | { readonly refusal: "step_too_soon"; readonly nextStepAt: Date; readonly now: Date };

/** The current state of a provider's dynamic rate. */
export interface DynamicState {
  readonly provider: Address;
  readonly found: FoundRate;
  readonly multiplierBps: bigint;
  readonly stepCount: number;
  /** `null` if a step may be made now */
  readonly nextStepAt: Date | null;
}

export interface MultiplierStore {
  /** Makes the step that the report leads to, unless the previous step is too recent. */
  report(report: UtilisationReport): Promise<ReportResult>;
  /** Reads the dynamic rates in force for a provider. */
  states(provider: Address): Promise<readonly DynamicState[]>;
  /** Lists a rate's steps, newest first, below the step number `before`. */
  steps(
    rate: { provider: Address; rateKey: string },
    page: { before: number | null; limit: number },
  ): Promise<readonly MultiplierStep[]>;
}
