import type { Scope } from "@compute-credits/protocol/messages/allowance";
import { type Period, periodOf } from "../wallet/period.ts";

/** What a grant gives, within its campaign. What is absent is as the campaign has it. */
export interface GrantTerms {
  /** micro-credits: in each period, or once without a period */
  readonly limitMicros: bigint;
  readonly period?: Period;
  readonly rolloverMicros?: bigint;
  /** 0 to 255: lower is spent first */
  readonly priority?: number;
  readonly scope?: Scope;
}

/** Terms as the routes take them. */
export function sentTerms({ limitMicros, period, rolloverMicros, priority, scope }: GrantTerms) {
  return {
    limit: limitMicros,
    period: periodOf(period),
    rollover: rolloverMicros ?? 0n,
    priority: priority ?? null,
    scope: scope ?? null,
  };
}
