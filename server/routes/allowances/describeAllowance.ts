import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import { remainingInPeriod, renewUsage } from "@compute-credits/rules/allowances/period";

/**
 * An allowance as answers show it, with the campaign if it is a grant. The owner's signature is
 * shown so that anyone can check what an account signed for; docs/threat-model.md says why that is
 * safe. A grant has none of its own (`null`), because its campaign's covers it.
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
