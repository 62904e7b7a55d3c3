import { expect } from "chai";

import type { RefundOnChain } from "../../dashboard/chain/refundOnChain.ts";
import { refundStage } from "../../dashboard/chain/refundStage.ts";

const open: RefundOnChain = {
  now: 1_000n,
  requestedMicros: 50n,
  deadline: 1_300n,
  dueMicros: 50n,
  refundedMicros: 7n,
  unspentMicros: 90n,
  hasPending: false,
  pendingFinalAt: null,
  finalEpoch: 3n,
  frozenAt: 0n,
  exitGraceSeconds: 60n,
};

/** The stage if the ledger and the final row say so, with a dispute window of 10 s. */
function stage(
  changes: Partial<RefundOnChain>,
  { ledger = 7n, row = 7n, bound = 0n }: { ledger?: bigint; row?: bigint; bound?: bigint } = {},
) {
  return refundStage({
    onChain: { ...open, ...changes },
    balance: { refundedMicros: ledger, refundWaitingMicros: bound },
    finalRefundedMicros: row,
    disputeWindowSeconds: 10,
  });
}

describe("where a refund is", () => {
  it("is none without a request, or once nothing of it is due", () => {
    expect(stage({ deadline: 0n })).to.deep.equal({ at: "none" });
    expect(stage({ dueMicros: 0n })).to.deep.equal({ at: "none" });
  });

  it("is requested until a checkpoint gives it back: a dispute window away, at the earliest", () => {
    expect(stage({}, { bound: 3n })).to.deep.equal({
      at: "requested",
      earliest: 1_010n,
      bound: 3n,
    });
    const behind = { hasPending: true, pendingFinalAt: 1_005n };
    expect(stage(behind)).to.deep.equal({ at: "requested", earliest: 1_015n, bound: 0n });
  });

  it("is in a checkpoint until that is final, and at no certain time while it is challenged", () => {
    const pending = { hasPending: true, pendingFinalAt: 1_005n };
    const given = { ledger: 57n };
    expect(stage(pending, given)).to.deep.equal({ at: "in_checkpoint", earliest: 1_005n });
    const challenged = { hasPending: true, pendingFinalAt: null };
    expect(stage(challenged, given)).to.deep.equal({ at: "in_checkpoint", earliest: null });
  });

  it("is payable by the final row, also after the deadline", () => {
    const final = { ledger: 57n, row: 57n };
    expect(stage({}, final)).to.deep.equal({ at: "payable" });
    expect(stage({ now: 1_301n }, final)).to.deep.equal({ at: "payable" });
  });

  it("is overdue from the second after the deadline", () => {
    expect(stage({ now: 1_300n }).at).to.equal("requested");
    expect(stage({ now: 1_301n })).to.deep.equal({ at: "overdue" });
  });

  it("is an exit in a frozen vault, without a proof after the grace", () => {
    expect(stage({ frozenAt: 1_100n, deadline: 0n })).to.deep.equal({
      at: "frozen",
      withoutProofFrom: 1_160n,
    });
  });
});
