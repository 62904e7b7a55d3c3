import type { Address } from "viem";

import { formatCredits } from "@compute-credits/protocol/amounts";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import type { Row } from "@compute-credits/protocol/tree/row";
import type { CheckpointOnChain } from "../chain/readCheckpoints.ts";
import type { SignedReceipt } from "../http/meteringClient.ts";
import type { ChainFacts } from "./chainFacts.ts";
import { REMEDY, type Report } from "./finding.ts";

/** A checkpoint on chain with the account's row; `row` is `null` if it has none. */
export interface CheckedRow {
  readonly checkpoint: CheckpointOnChain;
  readonly row: Row | null;
}

/** Checks a provider's receipt: each checkpoint from its epoch on must show at least its amount. */
export async function checkReceipt(
  party: Address,
  signed: SignedReceipt,
  { chain, rows, report }: { chain: ChainFacts; rows: readonly CheckedRow[]; report: Report },
): Promise<void> {
  const { provider, earned, epoch } = signed.receipt;
  const name = `The receipt of ${formatCredits(earned)} earned from epoch ${epoch} on`;
  if (lowercaseHex(provider) !== party) {
    report(false, `${name} is ${provider}'s, not this account's.`, REMEDY.worthlessReceipt);
    return;
  }
  if (!(await chain.isEnforceable(signed))) {
    const text = `${name} is not signed by enough of the contract's signers.`;
    report(false, text, REMEDY.worthlessReceipt);
    return;
  }
  const due = rows.filter(({ checkpoint }) => checkpoint.epoch >= epoch);
  for (const { checkpoint, row } of due) {
    const paid = row?.earned ?? 0n;
    const payment = `epoch ${checkpoint.epoch} pays ${formatCredits(paid)} (${checkpoint.status})`;
    const short = paid < earned ? `: ${formatCredits(earned - paid)} too few` : "";
    report(paid >= earned, `${name}: ${payment}${short}.`, REMEDY.receipt);
  }
  if (due.length > 0) return;
  const isDue = [chain.final, chain.pending].some((one) => one !== null && one.epoch >= epoch);
  if (isDue) report(false, `${name} is due, and the rows that pay it can't be had.`, REMEDY.data);
  else report(true, `${name} is signed, and not due yet: keep it.`, "");
}
