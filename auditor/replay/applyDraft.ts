import type { SpendingDraft } from "@compute-credits/rules/spending/spendingDraft";
import type { AuditState } from "./auditState.ts";

/** Copies the changes of a spending draft into the audit's state. */
export function applyDraft(state: AuditState, { changes }: SpendingDraft): void {
  for (const account of changes.accounts.values()) {
    const { earned, place, request, finalSpent, finalEarned, firstUse, firstPaidAt, writtenOffAt } =
      state.party(account.address);
    const kept = { earned, place, request, finalSpent, finalEarned };
    state.setParty({ ...account, ...kept, firstUse, firstPaidAt, writtenOffAt });
  }
  for (const [id, usage] of changes.usages) state.setUsage(id, usage);
}
