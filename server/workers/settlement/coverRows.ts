import type { Address } from "viem";

import { min } from "@compute-credits/protocol/amounts";
import type { ChainReader, Terms } from "@compute-credits/platform/chain/chainReader";
import {
  CallRefusedError,
  type CapProof,
  type ChainWriter,
  type ProvenRow,
} from "@compute-credits/platform/chain/chainWriter";
import type {
  CheckpointStore,
  StoredCheckpoint,
} from "../../stores/checkpoints/checkpointStore.ts";
import type { DisputeStore } from "../../stores/settlement/disputeStore.ts";
import type { Backoff } from "./backoff.ts";
import { isInForce, submissionTime } from "./capInForce.ts";
import { proofsByParty } from "./proofsByParty.ts";
import type { SettlerEvents } from "./settlerEvents.ts";

export interface CoveringDeps {
  readonly chain: Pick<ChainReader, "counterState" | "finalRoot" | "settledRows" | "settledSpent">;
  readonly writer: Pick<ChainWriter, "coverSpending" | "recordCap">;
  readonly checkpoints: Pick<CheckpointStore, "rowsToCover" | "proofs">;
  readonly disputes: Pick<DisputeStore, "recordedCounters" | "capsCovering">;
  readonly terms: Pick<
    Terms,
    "disputeWindowSeconds" | "counterGraceSeconds" | "unprovenLimitMicros"
  >;
  /** parties whose spending could not be covered lately */
  readonly refusedCovers: Backoff<Address>;
  /** parties covered in this checkpoint: the ledger hears of it after the confirmations */
  readonly recentCovers: Backoff<Address>;
  readonly events: Pick<SettlerEvents, "coverRefused">;
}

/** How much of the final spending may leave the vault as earnings and fees, in micro-credits. */
export interface Headroom {
  readonly limitMicros: bigint;
  /** final spending that is not settled */
  readonly openMicros: bigint;
  /** the party with the largest spending that could not be covered; `null` if there is none */
  readonly largest: Address | null;
}

/** Each costs one or two transactions, and challenges and refunds wait for them. */
const COVERS_PER_STEP = 10;

/**
 * Covers rows of the last final checkpoint in a vault with a limit: all that are urgent, and then the
 * largest, until at most half of the limit is open. All earnings and fees of that checkpoint can then
 * leave. A frozen vault gets every row covered, because exits follow. A payer that cannot be covered
 * waits alone. Returns `null` without a limit, or if the chain has another final checkpoint.
 */
export async function coverRows(
  deps: CoveringDeps,
  final: StoredCheckpoint,
  { isFrozen }: { isFrozen: boolean },
): Promise<Headroom | null> {
  const { chain, checkpoints, terms, refusedCovers, recentCovers, events } = deps;
  const { unprovenLimitMicros: limitMicros, counterGraceSeconds } = terms;
  if (limitMicros === null || (await chain.finalRoot()) !== final.message.root) return null;
  const target = isFrozen ? 0n : limitMicros / 2n;
  const openNow = async () => final.message.spent - (await chain.settledSpent());

  const waiting = refusedCovers.waiting();
  const rows = await checkpoints.rowsToCover(final.id, {
    limit: COVERS_PER_STEP,
    except: [...waiting, ...recentCovers.waiting()],
    counterGraceSeconds,
  });
  const proofs = await proofsByParty(
    checkpoints,
    final.id,
    rows.map(({ party }) => party),
  );
  let open = await openNow();
  for (const row of rows) {
    const shown = proofs.get(row.party);
    if (shown === undefined || (!row.isUrgent && open <= target)) continue;
    // oxlint-disable no-await-in-loop -- one wallet sends its transactions one by one
    try {
      const isCovered = await coverRow(deps, final, shown);
      if (isCovered) {
        refusedCovers.succeeded(row.party);
        recentCovers.failed(row.party);
      } else {
        refusedCovers.failed(row.party);
        events.coverRefused(row, null);
      }
    } catch (error) {
      if (!(error instanceof CallRefusedError)) throw error;
      refusedCovers.failed(row.party);
      events.coverRefused(row, error);
    }
    open = await openNow();
    // oxlint-enable no-await-in-loop
  }
  const largest = rows.find(({ party }) => refusedCovers.isWaiting(party))?.party;
  return { limitMicros, openMicros: open, largest: largest ?? waiting[0] ?? null };
}

/** Covers as much of the row as the best cap allows. Returns false if it is not all of it. */
async function coverRow(
  deps: CoveringDeps,
  final: StoredCheckpoint,
  shown: ProvenRow,
): Promise<boolean> {
  const { chain, writer, disputes, terms } = deps;
  const { party, spent } = shown.row;
  const [settled] = await chain.settledRows([party]);
  const before = settled?.spent ?? 0n;
  // The ledger lags by the confirmations.
  if (before >= spent) return true;
  const submittedAt = submissionTime(final, terms);

  let best = { counter: 0n, covered: before };
  const consider = async (counter: bigint) => {
    const state = await chain.counterState(party, counter);
    if (!isInForce(counter, state, submittedAt, terms)) return;
    const covered = min(spent, state.recordedCap);
    if (covered > best.covered) best = { counter, covered };
  };
  for (const counter of await disputes.recordedCounters(party, before + 1n)) {
    // oxlint-disable-next-line no-await-in-loop -- the newest that covers all is enough
    if (best.covered < spent) await consider(counter);
  }
  for (const cap of await disputes.capsCovering(party, before + 1n)) {
    if (best.covered >= spent || cap.message.accountCap <= best.covered) continue;
    // oxlint-disable-next-line no-await-in-loop -- as above
    if (await recordIfInForce(deps, cap, submittedAt)) await consider(cap.message.counter);
  }
  if (best.covered > before) await writer.coverSpending(shown, best.counter);
  return best.covered >= spent;
}

/** Records a signed cap. Returns false if its counter is over, or the court refuses it. */
async function recordIfInForce(
  { chain, writer, terms }: CoveringDeps,
  cap: CapProof,
  submittedAt: number,
): Promise<boolean> {
  const { account, counter, accountCap } = cap.message;
  const state = await chain.counterState(account, counter);
  if (!isInForce(counter, state, submittedAt, terms)) return false;
  if (state.recordedCap >= accountCap) return true;
  try {
    await writer.recordCap(cap);
    return true;
  } catch (error) {
    if (error instanceof CallRefusedError) return false;
    throw error;
  }
}
