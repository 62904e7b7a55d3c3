import type { Hex } from "viem";

import type { Allowance } from "../allowances/allowance.ts";
import { renewUsage } from "../allowances/period.ts";
import { roomOf } from "./room.ts";
import type { SpendingDraft, SpendingState } from "./spendingDraft.ts";

/**
 * Tells for each allowance whether it can pay nothing after a decision: it is revoked, or its
 * limit, its campaign or its account has nothing left. Predictions pass over those until the state
 * under the locks says otherwise.
 */
export function depletedAfter(
  { now, accounts, allowances, campaigns }: Omit<SpendingState, "hasAccess">,
  changes: SpendingDraft["changes"],
): ReadonlyMap<Hex, boolean> {
  const campaignsById = new Map(campaigns.map((campaign) => [campaign.id, campaign]));
  const budgetOf = ({ id, message, usage }: Allowance) => ({
    message,
    usage: changes.usages.get(id) ?? renewUsage(message, usage, now),
  });

  function isDepleted(allowance: Allowance): boolean {
    const { message, revokedAt, byContract } = allowance;
    const account = changes.accounts.get(message.account) ?? accounts.get(message.account);
    if (account === undefined) return false;
    if (revokedAt !== null || message.counter !== account.counter) return true;
    const campaign =
      allowance.campaign === null ? undefined : campaignsById.get(allowance.campaign);
    if (campaign !== undefined && campaign.revokedAt !== null) return true;
    const room = roomOf({
      account,
      allowance: { ...budgetOf(allowance), byContract },
      campaign: campaign === undefined ? null : budgetOf(campaign),
    });
    return room.amountMicros === 0n;
  }

  return new Map(allowances.map((allowance) => [allowance.id, isDepleted(allowance)]));
}
