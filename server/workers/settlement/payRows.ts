import type { Address } from "viem";

import type { Row } from "@compute-credits/protocol/tree/row";
import type { ChainReader, Terms } from "@compute-credits/platform/chain/chainReader";
import {
  CallRefusedError,
  type ChainWriter,
  type ProvenRow,
} from "@compute-credits/platform/chain/chainWriter";
import type {
  CheckpointStore,
  StoredCheckpoint,
} from "../../stores/checkpoints/checkpointStore.ts";
import type { Backoff } from "./backoff.ts";
import { proofsByParty } from "./proofsByParty.ts";
import type { SettlerEvents } from "./settlerEvents.ts";

export interface PayingDeps {
  readonly chain: Pick<ChainReader, "settledRows">;
  readonly writer: Pick<ChainWriter, "settleMany">;
  readonly checkpoints: Pick<CheckpointStore, "refundRows" | "rowsWorthSettling" | "proofs">;
  /** micro-credits that a row must move to be worth its gas; `null` settles only refunds */
  readonly worthMicros: bigint | null;
  readonly terms: Pick<Terms, "unprovenLimitMicros">;
  /** rows that the chain did not settle when they were last sent */
  readonly refusedRows: Backoff<Address>;
  readonly events: Pick<SettlerEvents, "rowRefused">;
}

/** Bounds one step. The next step settles the rest. */
const ROWS_PER_STEP = 2_000;

/** A row costs up to 75,000 gas (`npm run gas`), so a transaction stays under 4 million. */
const ROWS_PER_TRANSACTION = 50;

/**
 * Settles rows of the newest final checkpoint: first those with refunds, the longest wait first,
 * then those that move at least `worthMicros`, spending before earnings. A row that the chain does
 * not settle waits alone, longer each time, and is left out meanwhile. In a vault with a limit only
 * `coverRows` settles spending.
 */
export async function payRows(deps: PayingDeps, { id, message }: StoredCheckpoint): Promise<void> {
  const { checkpoints, worthMicros, refusedRows } = deps;
  const withoutSpending = deps.terms.unprovenLimitMicros !== null;
  const query = { limit: ROWS_PER_STEP, except: refusedRows.waiting(), withoutSpending };
  const refunds = await checkpoints.refundRows(id, query);
  const worthwhile =
    worthMicros === null ? [] : await checkpoints.rowsWorthSettling(id, worthMicros, query);
  const due = [...new Map([...refunds, ...worthwhile].map((row) => [row.party, row])).values()];
  if (due.length === 0) return;

  const proofs = await proofsByParty(
    checkpoints,
    id,
    due.map(({ party }) => party),
  );
  for (let first = 0; first < due.length; first += ROWS_PER_TRANSACTION) {
    const some = due.slice(first, first + ROWS_PER_TRANSACTION);
    // oxlint-disable-next-line no-await-in-loop -- one wallet sends its transactions one by one
    const behind = await behindOnChain(deps, some);
    const shown = behind.flatMap(({ party }) => proofs.get(party) ?? []);
    // oxlint-disable-next-line no-await-in-loop
    if (shown.length > 0) await settle(deps, shown, message.epoch);
  }
}

/**
 * Settles the rows in one transaction. If the chain refuses it, settles each half on its own, so
 * that a row which uses up all gas is found in a few steps and stops no other.
 */
async function settle(deps: PayingDeps, shown: readonly ProvenRow[], epoch: bigint): Promise<void> {
  const { writer, refusedRows, events } = deps;
  try {
    await writer.settleMany(shown, epoch);
  } catch (error) {
    if (!(error instanceof CallRefusedError)) throw error;
    const [only] = shown;
    if (shown.length === 1 && only !== undefined) {
      refusedRows.failed(only.row.party);
      events.rowRefused(only.row, error);
      return;
    }
    const middle = Math.ceil(shown.length / 2);
    await settle(deps, shown.slice(0, middle), epoch);
    await settle(deps, shown.slice(middle), epoch);
    return;
  }
  // The contract skips a row that it cannot settle, and the transaction succeeds all the same.
  const skipped = await behindOnChain(
    deps,
    shown.map(({ row }) => row),
  );
  const isSkipped = new Set(skipped.map(({ party }) => party));
  for (const { row } of shown) {
    if (isSkipped.has(row.party)) {
      refusedRows.failed(row.party);
      events.rowRefused(row, null);
    } else {
      refusedRows.succeeded(row.party);
    }
  }
}

/** Keeps the rows that the contract has not settled; the ledger lags by the confirmations. */
async function behindOnChain(
  { chain, terms }: Pick<PayingDeps, "chain" | "terms">,
  rows: readonly Row[],
): Promise<readonly Row[]> {
  const settled = await chain.settledRows(rows.map(({ party }) => party));
  const byParty = new Map(settled.map((row) => [row.party, row]));
  return rows.filter((row) => {
    const before = byParty.get(row.party);
    return (
      before === undefined ||
      (row.spent > before.spent && terms.unprovenLimitMicros === null) ||
      row.refunded > before.refunded ||
      row.earned > before.earned
    );
  });
}
