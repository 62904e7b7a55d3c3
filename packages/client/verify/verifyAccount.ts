import type { Address } from "viem";

import { formatCredits, min } from "@compute-credits/protocol/amounts";
import { lowercaseHex } from "@compute-credits/protocol/hex";
import { ROW_BYTES } from "@compute-credits/protocol/keccak/keccakModule";
import type { Row } from "@compute-credits/protocol/tree/row";
import { partyAt, rowAt } from "@compute-credits/protocol/tree/rowBytes";
import type { TableSummary } from "@compute-credits/protocol/data/tableFile";
import type { CheckpointOnChain } from "../chain/readCheckpoints.ts";
import type { SignedReceipt } from "../http/meteringClient.ts";
import { checkCharge, signedCeiling } from "./ceiling.ts";
import type { ChainFacts } from "./chainFacts.ts";
import { type Finding, REMEDY, type Report } from "./finding.ts";
import { checkProof } from "./checkProof.ts";
import { type CheckedRow, checkReceipt } from "./checkReceipt.ts";
import { reasonOf } from "./reasonOf.ts";
import type { ServerAnswers } from "./serverAnswers.ts";
import type { SignedCopies } from "../wallet/copies.ts";

type Amounts = Omit<Row, "party">;

/** The inputs of a verification. */
export interface Verification {
  /** see `readChainFacts` */
  readonly chain: ChainFacts;
  /** see `createServerAnswers` */
  readonly server: ServerAnswers;
  /** receipts that a provider has stored: see `MeteringClient.receipt` */
  readonly receipts?: readonly SignedReceipt[];
  /**
   * micro-credits: the most that the owner remembers signing for; applies if it is the lower limit
   */
  readonly ceilingMicros?: bigint;
  /**
   * copies of what the owner signed, for a server that withholds it; complete, or a row may seem to
   * charge too much
   */
  readonly copies?: Pick<SignedCopies, "list">;
}

/**
 * Checks a server's answers about an account against the chain: purchases, the published rows, the
 * account's row and its growth, its signed ceiling, its receipts and its proof. Spending after the
 * newest checkpoint cannot be checked until the next one; the balance's finding says so. Without
 * credentials of the account it checks what the chain and the published rows alone can show, and two
 * findings say what was not checked.
 */
export async function verifyAccount(
  account: Address,
  { chain, server, receipts = [], ceilingMicros, copies }: Verification,
): Promise<readonly Finding[]> {
  const party = lowercaseHex(account);
  const findings: Finding[] = [];
  const report: Report = (result, text, remedy) => {
    if (result === true) findings.push({ result: "holds", text });
    else findings.push({ result: result === false ? "fails" : result, text, remedy });
  };

  checkPurchases(chain, report);
  const ceiling = await signedCeiling(party, {
    chain,
    own: server.own,
    copies: copies ?? null,
    report,
  });
  const rows: CheckedRow[] = [];
  for (const checkpoint of [chain.final, chain.pending]) {
    if (checkpoint === null) continue;
    // oxlint-disable-next-line no-await-in-loop -- two checkpoints, in order
    const row = await rowIn(checkpoint, party, server, report);
    if (row === undefined) continue;
    rows.push({ checkpoint, row });
    const numbers = row ?? { spent: 0n, refunded: 0n, earned: 0n };
    checkRow(numbers, checkpoint, chain, report);
    checkCharge(
      numbers.spent,
      checkpoint,
      chain,
      { ceiling, ownerCeilingMicros: ceilingMicros },
      report,
    );
  }
  if (chain.final === null && chain.pending === null) {
    report(true, "There is no checkpoint on chain yet: nothing is settled.", "");
  }

  const [final, pending] = (["final", "pending"] as const).map((status) =>
    rows.find(({ checkpoint }) => checkpoint.status === status),
  );
  checkGrowth(final?.row, pending?.row, report);
  if (final?.row) await checkProof(party, { chain, server, report });
  for (const receipt of receipts) {
    // oxlint-disable-next-line no-await-in-loop -- findings keep the order of the receipts
    await checkReceipt(party, receipt, { chain, rows, report });
  }
  await checkBalance(party, chain, server, report);
  return findings;
}

function checkPurchases({ purchased, purchases, blockNumber }: ChainFacts, report: Report): void {
  const bought = sumOf(purchases);
  report(
    bought === purchased,
    `You purchased ${formatCredits(purchased)}, says the contract; its ${purchases.length} purchase events up to block ${blockNumber} add up to ${formatCredits(bought)}.`,
    REMEDY.chain,
  );
}

/** Reads and checks the account's row: `undefined` without a valid table, `null` without a row. */
async function rowIn(
  checkpoint: CheckpointOnChain,
  party: Address,
  server: ServerAnswers,
  report: Report,
): Promise<Row | null | undefined> {
  const name = `the ${checkpoint.status} checkpoint (epoch ${checkpoint.epoch})`;
  let row: Row | null = null;
  let table: TableSummary;
  try {
    table = await server.table(checkpoint.epoch, (rows) => {
      for (let index = 0; index < rows.length / ROW_BYTES; index++) {
        if (partyAt(rows, index) === party) row = rowAt(rows, index);
      }
    });
  } catch (error) {
    report(false, `The rows of ${name} can't be had: ${reasonOf(error)}.`, REMEDY.data);
    return undefined;
  }
  const isSigned = table.root === checkpoint.root && table.dataHash === checkpoint.dataHash;
  report(
    isSigned,
    isSigned
      ? `The published rows of ${name} are those that were signed: ${table.rowCount} rows, root ${table.root}.`
      : `The published rows of ${name} are others than those that were signed: they have the root ${table.root} and the data hash ${table.dataHash}, the chain has ${checkpoint.root} and ${checkpoint.dataHash}.`,
    REMEDY.data,
  );
  if (!isSigned) return undefined;
  const { totals } = table;
  report(
    (["spent", "refunded", "earned"] as const).every((key) => totals[key] === checkpoint[key]),
    `They add up to the totals on chain: ${formatCredits(totals.spent)} spent, ${formatCredits(totals.earned)} earned.`,
    REMEDY.totals,
  );
  return row;
}

function checkRow(
  row: Amounts,
  { epoch }: CheckpointOnChain,
  chain: ChainFacts,
  report: Report,
): void {
  const { spent, refunded, earned } = row;
  report(
    spent + refunded <= chain.purchased,
    `Epoch ${epoch}: spent ${formatCredits(spent)}, refunded ${formatCredits(refunded)}, earned ${formatCredits(earned)}; you purchased ${formatCredits(chain.purchased)}.`,
    REMEDY.paidFor,
  );
  report(
    isAtLeast(row, chain.settled),
    `Epoch ${epoch}: no less than what is settled on chain (spent ${formatCredits(chain.settled.spent)}, refunded ${formatCredits(chain.settled.refunded)}, earned ${formatCredits(chain.settled.earned)}).`,
    REMEDY.paidFor,
  );
}

function checkGrowth(
  final: Row | null | undefined,
  pending: Row | null | undefined,
  report: Report,
): void {
  if (final === undefined || final === null || pending === undefined) return;
  if (pending === null) {
    report(false, "Your row is gone from the pending checkpoint.", REMEDY.omitted);
    return;
  }
  report(
    isAtLeast(pending, final),
    "Your row in the pending checkpoint has no less than in the final one.",
    REMEDY.shrunk,
  );
}

async function checkBalance(
  party: Address,
  { purchases, settled, blockNumber }: ChainFacts,
  { own }: ServerAnswers,
  report: Report,
): Promise<void> {
  if (own === null) {
    report(
      "not_checked",
      "The server's balance, and what was spent since the newest checkpoint, were not checked: only the account's own credentials show them.",
      REMEDY.noViewKey,
    );
    return;
  }
  try {
    const { purchasedMicros, spentMicros, asOfBlock } = await own.balance(party);
    // The server may be ahead of this endpoint: compare only blocks that both have.
    const known = min(asOfBlock, blockNumber);
    const bought = sumOf(purchases.filter((purchase) => purchase.blockNumber <= known));
    report(
      asOfBlock <= blockNumber ? purchasedMicros === bought : purchasedMicros >= bought,
      `The server's balance says ${formatCredits(purchasedMicros)} purchased as of block ${asOfBlock}; by the chain's events it was ${formatCredits(bought)}. The newest block is ${blockNumber}.`,
      REMEDY.balance,
    );
    report(
      spentMicros >= settled.spent,
      `The server's balance says ${formatCredits(spentMicros)} spent; ${formatCredits(settled.spent)} are settled. Spending after the newest checkpoint can't be checked until the next one.`,
      REMEDY.balance,
    );
  } catch (error) {
    report(false, `The server returned no balance: ${reasonOf(error)}.`, REMEDY.balance);
  }
}

function isAtLeast(row: Amounts, other: Amounts): boolean {
  return row.spent >= other.spent && row.refunded >= other.refunded && row.earned >= other.earned;
}

function sumOf(purchases: ChainFacts["purchases"]): bigint {
  return purchases.reduce((sum, { creditMicros }) => sum + creditMicros, 0n);
}
