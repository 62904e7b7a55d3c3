import type { Address } from "viem";

import type { MultiplierStep } from "@compute-credits/rules/pricing/multiplier";
import type { FoundRate } from "@compute-credits/rules/pricing/rateIndex";

/** What a provider reports of one rate: how much of what it offers is in use. */
export interface UtilisationReport {
  readonly provider: Address;
  readonly meter: string;
  /** exactly those of the rate, not of an event */
  readonly dimensions: Readonly<Record<string, string>>;
  readonly utilisationBps: bigint;
}

export type ReportResult =
  | { readonly step: MultiplierStep; readonly rate: DynamicState }
  | { readonly refusal: "unknown_rate" | "rate_not_dynamic" }
  | { readonly refusal: "step_too_soon"; readonly nextStepAt: Date; readonly now: Date };

/** Where a dynamic rate of a provider stands. */
export interface DynamicState {
  readonly provider: Address;
  readonly found: FoundRate;
  readonly multiplierBps: bigint;
  readonly stepCount: number;
  /** `null` where a step may be made at once */
  readonly nextStepAt: Date | null;
}

export interface MultiplierStore {
  /** Makes the step that the report leads to, if its time has come. */
  report(report: UtilisationReport): Promise<ReportResult>;
  /** the dynamic rates that are in force for a provider */
  states(provider: Address): Promise<readonly DynamicState[]>;
  /** the log, newest first; `before` is a step's number */
  steps(
    rate: { provider: Address; rateKey: string },
    page: { before: number | null; limit: number },
  ): Promise<readonly MultiplierStep[]>;
}
