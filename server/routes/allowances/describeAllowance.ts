import type { getAllowance } from "@compute-credits/api/allowances/allowances";
import type { AnswerOf } from "@compute-credits/api/route";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import { remainingInPeriod, renewUsage } from "@compute-credits/rules/allowances/period";
import type { ListedAllowance, RecordedCaps } from "../../stores/allowances/allowanceStore.ts";

type Shown = AnswerOf<typeof getAllowance, 200>;

/** What an answer says of an allowance besides the allowance itself. */
export interface AllowanceState {
  /** of a grant, if the answer shows it */
  readonly campaign: Allowance | null;
  readonly now: Date;
  readonly recordedCaps: RecordedCaps;
}

/**
 * An allowance as answers show it, with the campaign if it is a grant. The owner's signature is
 * shown so that anyone can check what an account signed for; docs/threat-model.md says why that is
 * safe. A grant has none of its own (`null`), because its campaign's covers it.
 */
export function describeAllowance(
  allowance: ListedAllowance,
  { campaign, now, recordedCaps }: AllowanceState,
): Shown {
  const { id, message, scope, accepted, createdAt, revokedAt } = allowance;
  const usage = renewUsage(message, allowance.usage, now);
  return {
    id,
    allowance: message,
    scope,
    signature: allowance.campaign === null ? allowance.signature : null,
    accepted,
    createdAt,
    revokedAt,
    spentMicros: usage.spentMicros,
    remainingMicros: remainingInPeriod(message, usage),
    ...describeRecording(allowance, recordedCaps.get(id) ?? 0n),
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

/** What a contract wallet signed may be spent up to `recordedCapMicros`; of a key, that is `null`. */
function describeRecording(
  { byContract, message }: Allowance,
  recordedCapMicros: bigint,
): Pick<Shown, "capRecorded" | "recordedCapMicros"> {
  if (!byContract) return { capRecorded: "not_needed", recordedCapMicros: null };
  const isWhole = recordedCapMicros >= message.accountCap;
  return { capRecorded: isWhole ? "recorded" : "waiting_for_cap", recordedCapMicros };
}
