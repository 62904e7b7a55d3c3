import { dayOf } from "@compute-credits/rules/grants/campaignRule";
import type { LoggedCharge } from "@compute-credits/rules/log/logEntry";
import type { AuditState } from "./auditState.ts";

type Paid = Pick<LoggedCharge, "account" | "amountMicros">;

/** Counts a charge towards its account's first day, in UTC, if it is of that day. */
export function noteFirstUse(state: AuditState, { account, amountMicros }: Paid, at: Date): void {
  const party = state.party(account);
  const { firstUse } = party;
  if (firstUse === null) {
    state.setParty({ ...party, firstUse: { at, dayMicros: amountMicros } });
    return;
  }
  const days = dayOf(at) - dayOf(firstUse.at);
  if (days > 0) return;
  // Servers' clocks may differ at midnight: the earliest day is the first.
  const before = days < 0 ? 0n : firstUse.dayMicros;
  const first = { at: earlier(firstUse.at, at), dayMicros: before + amountMicros };
  state.setParty({ ...party, firstUse: first });
}

/** Takes a voided charge from its account's first day, if it was of that day. */
export function forgetFirstUse(state: AuditState, { account, amountMicros }: Paid, at: Date): void {
  const party = state.party(account);
  const { firstUse } = party;
  if (firstUse === null || dayOf(firstUse.at) !== dayOf(at)) return;
  const dayMicros = firstUse.dayMicros - amountMicros;
  state.setParty({ ...party, firstUse: { ...firstUse, dayMicros } });
}

export function earlier(known: Date | null, at: Date): Date {
  return known !== null && known <= at ? known : at;
}
