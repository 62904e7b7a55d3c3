import type { Address } from "viem";

import { computeCreditsAbi } from "../protocol/abi/computeCredits.ts";
import { formatCredits } from "../protocol/amounts.ts";
import { lowercaseHex } from "../protocol/hex.ts";
import { ROW_BYTES } from "../protocol/keccak/keccakModule.ts";
import { type Row, rowLeaf } from "../protocol/row.ts";
import { partyAt, rowAt } from "../protocol/rowBytes.ts";
import type { TableSummary } from "../protocol/tableFile.ts";
import { processProof } from "../protocol/tree.ts";
import { downloadTable } from "./checkpointData.ts";
import {
  type CheckpointOnChain,
  type ContractOnChain,
  checkpointsOnChain,
} from "./checkpointOnChain.ts";
import { type Balance, type ProvenRow, meteringServer } from "./meteringServer.ts";

type Numbers = Omit<Row, "party">;

/** What the chain says of an account: the only thing that is believed. */
export interface ChainFacts {
  readonly purchased: bigint;
  readonly settled: Numbers;
  readonly final: CheckpointOnChain | null;
  readonly pending: CheckpointOnChain | null;
}

/** What a server, or a mirror, says: every word of it is checked. */
export interface ServerSays {
  balance(account: Address): Promise<Pick<Balance, "purchasedMicros" | "spentMicros">>;
  proof(account: Address): Promise<ProvenRow>;
  table(epoch: bigint, onRows: (rows: Uint8Array) => void): Promise<TableSummary>;
}

/** One thing that was looked at, in plain words. */
export interface Finding {
  readonly holds: boolean;
  readonly text: string;
  /** what one can do where it does not hold */
  readonly remedy?: string;
}

const REMEDY = {
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
  totals:
    "While the checkpoint is pending: proveFraud with the rows that add up to more; and tell the guardian.",
  balance: "Ask the operator. Nothing is settled by it: rows are.",
} as const;

/**
 * Checks what a server says of an account against the chain, trusting the chain alone: that the published rows are those
 * that were signed, that the account's row is in them and can be true, and that its proof settles it.
 */
export async function verifyAccount(
  account: Address,
  {
    chain,
    server,
    ceilingMicros,
  }: {
    chain: ChainFacts;
    server: ServerSays;
    /** the largest `accountCap` that the owner ever signed */
    ceilingMicros?: bigint;
  },
): Promise<readonly Finding[]> {
  const party = lowercaseHex(account);
  const findings: Finding[] = [];
  const say = (holds: boolean, text: string, remedy: string) =>
    findings.push(holds ? { holds, text } : { holds, text, remedy });
  if (chain.final === null && chain.pending === null) {
    say(true, "There is no checkpoint on chain yet: nothing is settled, nothing can be wrong.", "");
    return findings;
  }

  const rows: { final?: Row | null; pending?: Row | null } = {};
  for (const checkpoint of [chain.final, chain.pending]) {
    if (checkpoint === null) continue;
    // oxlint-disable-next-line no-await-in-loop -- two
    const found = await rowIn(checkpoint, party, server, say);
    if (found === undefined) continue;
    rows[checkpoint.status] = found;
    judgeRow(found ?? { party, spent: 0n, refunded: 0n, earned: 0n }, checkpoint, chain, say);
    if (found !== null && ceilingMicros !== undefined && found.spent > chain.settled.spent) {
      say(
        found.spent <= ceilingMicros,
        `Epoch ${checkpoint.epoch} charges ${formatCredits(found.spent)} in all; you signed for up to ${formatCredits(ceilingMicros)}.`,
        REMEDY.ceiling,
      );
    }
  }

  const { final, pending } = rows;
  if (final !== undefined && final !== null && pending !== undefined) {
    if (pending === null)
      say(false, "Your row is gone from the pending checkpoint.", REMEDY.omitted);
    else
      say(
        covers(pending, final),
        "Your row in the pending checkpoint has no less than in the final one.",
        REMEDY.shrunk,
      );
  }
  await judgeProof(party, chain.final, final, server, say);
  await judgeBalance(party, chain, server, say);
  return findings;
}

type Say = (holds: boolean, text: string, remedy: string) => void;

/** `undefined` where the table can't be had, `null` where the account has no row in it. */
async function rowIn(
  checkpoint: CheckpointOnChain,
  party: Address,
  server: ServerSays,
  say: Say,
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
    const why = error instanceof Error ? error.message : String(error);
    say(false, `The rows of ${name} can't be had: ${why}.`, REMEDY.data);
    return undefined;
  }
  const isSigned = table.root === checkpoint.root && table.dataHash === checkpoint.dataHash;
  say(
    isSigned,
    isSigned
      ? `The published rows of ${name} are those that were signed: ${table.rowCount} rows, root ${table.root}.`
      : `The published rows of ${name} are others than those that were signed: they have the root ${table.root} and the data hash ${table.dataHash}, the chain has ${checkpoint.root} and ${checkpoint.dataHash}.`,
    REMEDY.data,
  );
  if (!isSigned) return undefined;
  const { totals } = table;
  say(
    (["spent", "refunded", "earned"] as const).every((key) => totals[key] === checkpoint[key]),
    `They add up to the totals on chain: ${formatCredits(totals.spent)} spent, ${formatCredits(totals.earned)} earned.`,
    REMEDY.totals,
  );
  return row;
}

function judgeRow(row: Row, { epoch }: CheckpointOnChain, chain: ChainFacts, say: Say): void {
  const { spent, refunded, earned } = row;
  say(
    spent + refunded <= chain.purchased,
    `Epoch ${epoch}: spent ${formatCredits(spent)}, refunded ${formatCredits(refunded)}, earned ${formatCredits(earned)}; you purchased ${formatCredits(chain.purchased)}.`,
    REMEDY.paidFor,
  );
  say(
    covers(row, chain.settled),
    `Epoch ${epoch}: no less than what is settled on chain (spent ${formatCredits(chain.settled.spent)}, refunded ${formatCredits(chain.settled.refunded)}, earned ${formatCredits(chain.settled.earned)}).`,
    REMEDY.paidFor,
  );
}

async function judgeProof(
  party: Address,
  final: CheckpointOnChain | null,
  row: Row | null | undefined,
  server: ServerSays,
  say: Say,
): Promise<void> {
  if (final === null || row === null || row === undefined) return;
  try {
    const proven = await server.proof(party);
    const leads =
      proven.row.party === party && processProof(rowLeaf(proven.row), proven.proof) === final.root;
    say(
      leads,
      `The server's proof ${leads ? "leads" : "does not lead"} from your row to the root on chain.`,
      REMEDY.proof,
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    say(false, `The server gives no proof of your row: ${why}.`, REMEDY.proof);
  }
}

async function judgeBalance(
  party: Address,
  { purchased, settled }: ChainFacts,
  server: ServerSays,
  say: Say,
): Promise<void> {
  try {
    const { purchasedMicros, spentMicros } = await server.balance(party);
    say(
      purchasedMicros <= purchased && spentMicros >= settled.spent,
      `The server's balance says ${formatCredits(purchasedMicros)} purchased and ${formatCredits(spentMicros)} spent; the chain says ${formatCredits(purchased)}, and ${formatCredits(settled.spent)} settled.`,
      REMEDY.balance,
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    say(false, `The server tells no balance: ${why}.`, REMEDY.balance);
  }
}

function covers(row: Numbers, least: Numbers): boolean {
  return row.spent >= least.spent && row.refunded >= least.refunded && row.earned >= least.earned;
}

export async function readChainFacts(on: ContractOnChain, account: Address): Promise<ChainFacts> {
  const [checkpoints, [purchased, spent, refunded, earned]] = await Promise.all([
    checkpointsOnChain(on),
    on.client.readContract({
      address: on.contract,
      abi: computeCreditsAbi,
      functionName: "party",
      args: [account],
    }),
  ]);
  return { ...checkpoints, purchased, settled: { spent, refunded, earned } };
}

export function askServer(url: string): ServerSays {
  const server = meteringServer(url);
  return {
    balance: (account) => server.balance(account),
    proof: (account) => server.proof(account),
    table: (epoch, onRows) => downloadTable(url, epoch, onRows),
  };
}
