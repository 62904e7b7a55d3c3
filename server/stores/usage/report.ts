import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { PriceClock } from "../pricing/priceClock.ts";
import { StaleAccessError } from "./staleAccess.ts";

/** The arguments of `UsageLedger.record`. */
export interface Report {
  readonly events: readonly UsageEvent[];
  readonly asOfRevocations: bigint | undefined;
}

/** Throws if any key or access was revoked since the callers were authenticated. */
export function checkAccess(
  { accessRevocations }: Pick<PriceClock, "accessRevocations">,
  asOf: bigint | undefined,
): void {
  if (asOf !== undefined && accessRevocations > asOf) throw new StaleAccessError();
}
