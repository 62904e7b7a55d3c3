/**
 * "not_yet": an honest server may answer so too, because it is behind the chain. "not_checked": only
 * the account's own credentials show it.
 */
export type Result = "holds" | "fails" | "not_yet" | "not_checked";

/** The result of one check, in words for the account's owner. */
export interface Finding {
  readonly result: Result;
  readonly text: string;
  /** what the owner can do about a check that does not hold */
  readonly remedy?: string;
}

export type Report = (
  result: boolean | "not_yet" | "not_checked",
  text: string,
  remedy: string,
) => void;

/** What an owner can do about each kind of failed check. */
export const REMEDY = {
  data: "Get the table from a mirror or an auditor (docs/checkpoint-data.md). If none has it, request a refund (requestRefund). If the refund is overdue, anyone may freeze the vault, and you exit with the last row that you can prove.",
  proof:
    "Make the proof yourself from the table: npm run rebuild, then packages/protocol/tree/tree.ts. You don't need the server for it.",
  later: "Verify again in a few minutes.",
  endpoint: "Verify again in a few minutes, or ask another endpoint, preferably your own node.",
  stuck:
    "The server does not follow the chain any more: tell the operator. Make the proof yourself from the table: npm run rebuild, then packages/protocol/tree/tree.ts.",
  paidFor:
    "While the checkpoint is pending, call proveFraud with this row and its proof. The contract then drops the checkpoint.",
  shrunk:
    "While the checkpoint is pending, call proveShrunk with both rows and their proofs. The contract then drops the checkpoint.",
  omitted:
    "While the checkpoint is pending, call challengeOmission with your row of the final checkpoint and its proof.",
  ceiling:
    "While the checkpoint is pending, call challengeRow with this row and its proof. Unless an allowance that you signed covers it, the contract drops the checkpoint.",
  settledCeiling:
    "A settled row can't be challenged any more. Raise your counter (revokeAll or a refund request) to stop further charges, and show the row and your allowances to the guardian and the other signers.",
  allowance:
    "This allowance counts for nothing. If the server lets anyone spend with it, call revokeAll: it voids every allowance of your current counter on chain.",
  noViewKey:
    "Make a view key with your wallet (npm run credits -- view-keys create) and verify with it: --view-key, or VIEW_KEY in the environment.",
  noAllowances:
    "State the most that you signed for with --ceiling, or use a server that shows your allowances. If a row charges more, call challengeRow while the checkpoint is pending.",
  totals:
    "While the checkpoint is pending, call proveFraud with the rows that add up to more, and tell the guardian.",
  chain:
    "One of the endpoint's answers is wrong or incomplete: ask another one, preferably your own node.",
  balance: "Ask the operator. Only rows are settled, so this balance moves no tokens.",
  receipt:
    "While a checkpoint of that epoch or a later one is pending, call challengeEarnings with this receipt and its signatures. Unless the operator shows a row that pays it in time, the contract drops the checkpoint.",
  worthlessReceipt:
    "The contract takes no notice of this receipt. Before you continue to work, request one that enough signers have signed (isEnforceable).",
} as const;
