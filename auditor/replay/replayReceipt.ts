import type { LogEntryOf } from "@compute-credits/rules/log/logEntry";
import type { AuditState } from "./auditState.ts";

/**
 * Adds a receipt. A later one never lowers an earlier one: the highest promise and its epoch stay.
 */
export function replayReceipt(
  state: AuditState,
  { provider, earned, epoch, at }: LogEntryOf<"receipt">,
): void {
  const before = state.receipts.get(provider);
  const highest = before !== undefined && before.earned > earned ? before : { earned, epoch };
  const isOlder = before !== undefined && before.at > at;
  state.setReceipt(provider, {
    earned: highest.earned,
    epoch: highest.epoch,
    at: isOlder ? before.at : at,
  });
}
