import type { ChainWriter } from "@compute-credits/platform/chain/chainWriter";
import type { Row } from "@compute-credits/protocol/tree/row";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type {
  CheckpointStore,
  StoredCheckpoint,
} from "../../stores/checkpoints/checkpointStore.ts";

export interface PayingDeps {
  readonly chain: ChainReader;
  readonly writer: ChainWriter;
  readonly checkpoints: CheckpointStore;
  /** the least that a row must move to be worth its gas, in micro-credits; `null` settles refunds alone */
  readonly worthMicros: bigint | null;
}

/** Rows settled in one step: more than a step has ever to pay, and still bounded. */
const ROWS_PER_STEP = 2_000;

/** Some 75,000 gas a row at most (`npm run gas`): a transaction stays under 4 million, small enough for any block. */
const ROWS_PER_TRANSACTION = 50;

/**
 * Settles the rows of the newest final checkpoint that serve refunds, the longest-waiting first, and then those that
 * move enough to be worth it, what was spent before what was earned.
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

/** Those that the contract has not settled yet. The ledger hears of what it settled only after the confirmations. */
async function behindOnChain(chain: ChainReader, rows: readonly Row[]): Promise<readonly Row[]> {
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
