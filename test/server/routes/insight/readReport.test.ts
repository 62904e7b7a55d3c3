import { expect } from "chai";

import type { BlockRange } from "@compute-credits/platform/chain/vaultReader";
import { ProblemError } from "../../../../server/http/problem.ts";
import { readReport } from "../../../../server/routes/insight/readReport.ts";
import type { DeferredPayouts } from "../../../../server/stores/chain/deferredPayoutStore.ts";
import { NOTHING, emptyReport } from "../../../fixtures/emptyReport.ts";

const RANGE = { from: new Date(0), to: new Date() };

/** A ledger at block 1,000,000 of a vault that a stranger has sent 7 tokens to. */
function depsWith(known: DeferredPayouts | null) {
  const ranges: BlockRange[] = [];
  const ledger = emptyReport(1_000_000n);
  const deps = {
    reports: {
      report: () => Promise.resolve(ledger),
      checkpointTotals: () => Promise.resolve(null),
    },
    vault: {
      totalsAt: () =>
        Promise.resolve({
          totalSupply: 0n,
          settled: NOTHING,
          feesTaken: 0n,
          finalCheckpoint: { epoch: 0n, ...NOTHING },
          tokenBalance: 7n,
        }),
      tokenUnit: () => Promise.resolve(1n),
      deferredChange(range: BlockRange) {
        ranges.push(range);
        return Promise.resolve(2n);
      },
    },
    payouts: { read: () => Promise.resolve(known) },
    blocksPerRequest: 2_000n,
    creditMicrosPerToken: 1n,
  };
  return { deps, ranges };
}

describe("readReport, after a stranger sent tokens to the vault", () => {
  it("searches only the blocks after those that were searched before", async () => {
    const { deps, ranges } = depsWith({ block: 999_990n, tokens: 1n });
    const { comparisons } = await readReport(deps, RANGE);
    expect(ranges).to.deep.equal([{ from: 999_991n, to: 1_000_000n }]);
    expect(comparisons.find(({ name }) => name === "vaultTokens")?.differences).to.deep.equal([
      { because: "payout_deferred", amount: 3n },
      { because: "sent_to_the_vault", amount: 4n },
    ]);
  });

  it("searches nothing if all blocks were", async () => {
    const { deps, ranges } = depsWith({ block: 1_000_000n, tokens: 7n });
    await readReport(deps, RANGE);
    expect(ranges).to.deep.equal([]);
  });

  for (const [name, known] of [
    ["no block was searched", null],
    ["more than one request is missing", { block: 900_000n, tokens: 0n }],
    ["the search is ahead of the report", { block: 1_000_001n, tokens: 0n }],
  ] as const) {
    it(`asks to try again, without a search, if ${name}`, async () => {
      const { deps, ranges } = depsWith(known);
      const error: unknown = await readReport(deps, RANGE).catch((reason: unknown) => reason);
      if (!(error instanceof ProblemError)) throw new Error("not refused", { cause: error });
      expect([error.problem.status, error.problem.reason]).to.deep.equal([
        503,
        "chain_unavailable",
      ]);
      expect(ranges).to.deep.equal([]);
    });
  }
});
