import type { SpendingDraft } from "@compute-credits/rules/spending/spendingDraft";
import type { AuditState } from "./auditState.ts";

/** Takes what a draft changed into the auditState. */
export function applyDraft(auditState: AuditState, { changes }: SpendingDraft): void {
  for (const account of changes.accounts.values()) {
    const { earned, place } = auditState.party(account.address);
    auditState.setParty({ ...account, earned, place });
  }
  for (const [id, usage] of changes.usages) auditState.setUsage(id, usage);
}
