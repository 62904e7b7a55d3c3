import type { Allowance } from "../domain/allowances/allowance.ts";
import { remainingInPeriod, renewed } from "../domain/allowances/period.ts";

/** An allowance as it is shown; with its `campaign`, where it was granted out of one. */
export function describeAllowance(allowance: Allowance, campaign: Allowance | null, now: Date) {
  const { id, message, scope, createdAt, revokedAt } = allowance;
  const usage = renewed(message, allowance.usage, now);
  return {
    id,
    allowance: message,
    scope,
    createdAt,
    revokedAt,
    spentMicros: usage.spentMicros,
    remainingMicros: remainingInPeriod(message, usage),
    campaign:
      campaign === null
        ? null
        : {
            id: campaign.id,
            revokedAt: campaign.revokedAt,
            remainingMicros: remainingInPeriod(
              campaign.message,
              renewed(campaign.message, campaign.usage, now),
            ),
          },
  };
}
