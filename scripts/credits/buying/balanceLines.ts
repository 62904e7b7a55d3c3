import type { Balance } from "@compute-credits/client/http/meteringClient";
import { humanLines } from "../output/humanLines.ts";

/** What people read of a balance; `--json` has all of it. */
export function balanceLines(balance: Balance): readonly string[] {
  const { purchasedMicros, spentMicros, heldMicros, refundingMicros } = balance;
  const { refundedMicros, availableMicros, earnedMicros } = balance;
  const spent = { purchasedMicros, spentMicros, heldMicros, refundingMicros };
  return humanLines({ ...spent, refundedMicros, availableMicros, earnedMicros });
}
