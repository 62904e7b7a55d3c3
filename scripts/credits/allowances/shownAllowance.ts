import type { getAllowance } from "@compute-credits/api/allowances/allowances";
import type { AnswerBody } from "@compute-credits/api/route";
import { monthsOf } from "@compute-credits/protocol/messages/period";

type Answered = Pick<
  AnswerBody<typeof getAllowance>,
  "id" | "allowance" | "accepted" | "revokedAt" | "spentMicros" | "remainingMicros"
>;

/** What people read of an allowance; `--json` has all that its owner signed. */
export function shownAllowance(answered: Answered): object {
  const { id, allowance, accepted, revokedAt, spentMicros, remainingMicros } = answered;
  const { spender, limit, period, expiresAt } = allowance;
  return {
    id,
    spender,
    limitMicros: limit,
    spentMicros,
    remainingMicros,
    period: periodText(period),
    expires: expiresAt === 0n ? "never" : new Date(Number(expiresAt) * 1000),
    accepted,
    revokedAt,
  };
}

function periodText(period: bigint): string {
  if (period === 0n) return "once";
  const months = monthsOf(period);
  return months === null ? `${period} s` : `${months} months`;
}
