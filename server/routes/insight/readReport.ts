import type { VaultReader } from "@compute-credits/platform/chain/vaultReader";
import { type TokenPrice, liability } from "@compute-credits/rules/insight/liability";
import { type Reconciliation, reconcile } from "@compute-credits/rules/insight/reconcile";
import type { DeferredPayoutStore } from "../../stores/chain/deferredPayoutStore.ts";
import { askedChain } from "../../http/askedChain.ts";
import { fail } from "../../http/problem.ts";
import type { LedgerReport, ReportStore } from "../../stores/insight/reportStore.ts";

export interface ReadReportDeps {
  readonly reports: ReportStore;
  readonly vault: Pick<VaultReader, "totalsAt" | "tokenUnit" | "deferredChange">;
  readonly payouts: Pick<DeferredPayoutStore, "read">;
  /** the most that one request searches of the chain's log */
  readonly blocksPerRequest: bigint;
  readonly creditMicrosPerToken: bigint;
}

/** Amounts in micro-credits; `price` converts them to tokens. */
export interface OperatorReport extends Reconciliation {
  readonly price: TokenPrice;
  readonly ledger: LedgerReport;
  /** what is owed to accounts, providers and the operator, by name */
  readonly liability: ReturnType<typeof liability>;
  readonly feesTaken: bigint;
}

/** Reads the ledger's sums, and compares them with the chain at the last block that it has read. */
export async function readReport(
  deps: ReadReportDeps,
  { from, to }: { readonly from: Date; readonly to: Date },
): Promise<OperatorReport> {
  const { reports, vault, creditMicrosPerToken } = deps;
  const price = { tokenUnit: await askedChain(vault.tokenUnit()), creditMicrosPerToken };
  const ledger = await reports.report({ from, to, price });
  const block = ledger.block.number;
  const chain = await askedChain(vault.totalsAt(block));
  const { epoch } = chain.finalCheckpoint;
  const finalCheckpoint = epoch === 0n ? null : await reports.checkpointTotals(epoch);

  const compare = (deferredTokens: bigint) =>
    reconcile({ ...ledger, finalCheckpoint }, chain, { price, deferredTokens });
  const first = compare(0n);
  // Deferred payouts explain surplus tokens only.
  const hasSurplus = first.comparisons.some(
    ({ unit, differences }) => unit === "tokens" && differences.length > 0,
  );
  const compared = hasSurplus ? compare(await readDeferred(deps, block)) : first;

  return {
    price,
    ledger,
    liability: liability(ledger, chain.feesTaken),
    feesTaken: chain.feesTaken,
    reconciled: compared.reconciled,
    comparisons: compared.comparisons,
  };
}

/**
 * Deferred payouts up to a block. The worker has added up all but the newest blocks, so one short
 * search completes them.
 */
async function readDeferred(
  { vault, payouts, blocksPerRequest }: ReadReportDeps,
  block: bigint,
): Promise<bigint> {
  const known = await payouts.read();
  if (known === null || known.block > block || known.block + blocksPerRequest < block) {
    throw fail(
      503,
      "chain_unavailable",
      "The server is still reading the chain up to the ledger's block. Try again later.",
    );
  }
  if (known.block === block) return known.tokens;
  return (
    known.tokens + (await askedChain(vault.deferredChange({ from: known.block + 1n, to: block })))
  );
}
