import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import { remainingInPeriod, renewUsage } from "@compute-credits/rules/allowances/period";

/**
 * An allowance as it is shown; with its `campaign`, where it was granted out of one. `signature` is the owner's, `null` of a
 * grant: its campaign's covers it. Whoever may read an allowance reads its signature too, so that anybody can check for
 * an account what it signed for. It is worth nothing to a thief: docs/threat-model.md says why.
 */
export function describeAllowance(allowance: Allowance, campaign: Allowance | null, now: Date) {
  const { id, message, scope, createdAt, revokedAt } = allowance;
  const usage = renewUsage(message, allowance.usage, now);
  return {
    id,
    allowance: message,
    scope,
    signature: allowance.campaign === null ? allowance.signature : null,
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
              renewUsage(campaign.message, campaign.usage, now),
            ),
          },
  };
}
