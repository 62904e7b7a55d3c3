import type { SpendingDraft } from "@compute-credits/rules/spending/spendingDraft";
import type { Books } from "./auditState.ts";

/** Takes what a draft changed into the books. */
export function applyDraft(books: Books, { changes }: SpendingDraft): void {
  for (const account of changes.accounts.values()) {
    const { earned, place } = books.party(account.address);
    books.setParty({ ...account, earned, place });
  }
  for (const [id, usage] of changes.usages) books.setUsage(id, usage);
}
