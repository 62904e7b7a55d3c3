import type { Row } from "@compute-credits/protocol/tree/row";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { ChainWriter } from "@compute-credits/platform/chain/chainWriter";
import type {
  CheckpointStore,
  StoredCheckpoint,
} from "../../stores/checkpoints/checkpointStore.ts";

export interface PayingDeps {
  readonly chain: Pick<ChainReader, "settledRows">;
  readonly writer: Pick<ChainWriter, "settleMany">;
  readonly checkpoints: Pick<CheckpointStore, "refundRows" | "rowsWorthSettling" | "proofs">;
  /** micro-credits that a row must move to be worth its gas; `null` settles only refunds */
  readonly worthMicros: bigint | null;
}

/** Bounds one step. The next step settles the rest. */
const ROWS_PER_STEP = 2_000;

/** A row costs up to 75,000 gas (`npm run gas`), so a transaction stays under 4 million. */
const ROWS_PER_TRANSACTION = 50;

/**
 * Settles rows of the newest final checkpoint: first those with refunds, the longest wait first,
 * then those that move at least `worthMicros`, spending before earnings.
 */
export async function payRows(
  { chain, writer, checkpoints, worthMicros }: PayingDeps,
  { id, message }: StoredCheckpoint,
): Promise<void> {
  const refunds = await checkpoints.refundRows(id, ROWS_PER_STEP);
  const worthwhile =
    worthMicros === null ? [] : await checkpoints.rowsWorthSettling(id, worthMicros, ROWS_PER_STEP);
  const due = [...new Map([...refunds, ...worthwhile].map((row) => [row.party, row])).values()];
  if (due.length === 0) return;

  const proofs = await checkpoints.proofs(
    id,
    due.map(({ party }) => party),
  );
  const byParty = new Map(proofs.map((shown) => [shown.row.party, shown]));
  for (let first = 0; first < due.length; first += ROWS_PER_TRANSACTION) {
    const some = due.slice(first, first + ROWS_PER_TRANSACTION);
    // oxlint-disable-next-line no-await-in-loop -- one wallet sends its transactions one by one
    const behind = await behindOnChain(chain, some);
    const shown = behind.flatMap(({ party }) => byParty.get(party) ?? []);
    // oxlint-disable-next-line no-await-in-loop
    if (shown.length > 0) await writer.settleMany(shown, message.epoch);
  }
}

/** Keeps the rows that the contract has not settled; the ledger lags by the confirmations. */
async function behindOnChain(
  chain: PayingDeps["chain"],
  rows: readonly Row[],
): Promise<readonly Row[]> {
  const settled = await chain.settledRows(rows.map(({ party }) => party));
  const byParty = new Map(settled.map((row) => [row.party, row]));
  return rows.filter((row) => {
    const before = byParty.get(row.party);
    return (
      before === undefined ||
      row.spent > before.spent ||
      row.refunded > before.refunded ||
      row.earned > before.earned
    );
  });
}
