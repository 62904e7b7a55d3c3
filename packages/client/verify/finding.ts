/** One thing that was looked at, in plain words. */
export interface Finding {
  readonly holds: boolean;
  readonly text: string;
  /** what one can do where it does not hold */
  readonly remedy?: string;
}

export type Report = (holds: boolean, text: string, remedy: string) => void;

export const REMEDY = {
  data: "Get the table from a mirror, or from an auditor (docs/checkpoint-data.md). If nobody has it, ask your credits back (requestRefund): where that is not served in time anyone may freeze the vault, and you exit with the last row that you can prove.",
  proof:
    "Make the proof yourself from the table: npm run rebuild, then protocol/tree.ts. The server can't keep it from you.",
  paidFor:
    "While the checkpoint is pending: proveFraud with this row and its proof, in one transaction; it is dropped.",
  shrunk:
    "While the checkpoint is pending: proveShrunk with both rows and their proofs; it is dropped.",
  omitted:
    "While the checkpoint is pending: challengeOmission with your row of the final one and its proof.",
  ceiling:
    "While the checkpoint is pending: challengeRow with this row and its proof. Without an allowance of yours that covers it, it is dropped.",
  settledCeiling:
    "What is settled can't be challenged any more. Raise your counter (revokeAll, or a refund request), so that no more is charged, and show the row and your allowances to the guardian and the other signers.",
  allowance:
    "It counts for nothing. If the server lets anybody spend by it: revokeAll ends every allowance of your present counter on chain.",
  noAllowances:
    "Report what you signed for with --ceiling, or ask a server that tells. Any row is held to it: challengeRow while the checkpoint is pending.",
  totals:
    "While the checkpoint is pending: proveFraud with the rows that add up to more; and tell the guardian.",
  chain:
    "One of the endpoint's answers is wrong or incomplete: ask another one, best your own node.",
  balance: "Ask the operator. Nothing is settled by it: rows are.",
  receipt:
    "While a checkpoint of that epoch or a later one is pending: challengeEarnings with this receipt and its signatures. Unless a row that pays it is shown in time, the checkpoint is dropped.",
  receiptForNothing:
    "The contract takes no notice of it: ask for a receipt that enough signers have signed (isEnforceable), before you work on.",
} as const;
