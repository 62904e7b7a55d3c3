import { expect } from "chai";

import {
  longestHoldInCounterGrace,
  longestHoldInRefundWindow,
  findWindowErrors,
} from "@compute-credits/rules/checkpoints/windows";

const windows = {
  disputeWindowSeconds: 10,
  answerWindowSeconds: 10,
  refundWindowSeconds: 300,
  counterGraceSeconds: 600,
  exitGraceSeconds: 60,
  signerDelaySeconds: 620,
};

describe("a contract's windows", () => {
  it("leave a hold what three rounds and two settle pauses leave of the refund window", () => {
    expect(longestHoldInRefundWindow(windows, 15)).to.equal(210);
    expect(longestHoldInRefundWindow({ ...windows, refundWindowSeconds: 60 }, 15)).to.equal(-30);
  });

  it("leave a hold what two rounds and a settle pause leave of the counter grace", () => {
    expect(longestHoldInCounterGrace(windows, 15)).to.equal(545);
  });

  it("have no mistakes at the least that the contract accepts", () => {
    const least = { refundWindowSeconds: 60, counterGraceSeconds: 40, signerDelaySeconds: 140 };
    expect(findWindowErrors({ ...windows, ...least })).to.deep.equal([]);
  });

  it("are refused one second below it, naming the window and what it must hold", () => {
    const short = { refundWindowSeconds: 59, counterGraceSeconds: 39, signerDelaySeconds: 137 };
    expect(findWindowErrors({ ...windows, ...short })).to.deep.equal([
      "refundWindowSeconds is 59, below 3 × (disputeWindowSeconds + answerWindowSeconds) = 60",
      "counterGraceSeconds is 39, below 2 × (disputeWindowSeconds + answerWindowSeconds) = 40",
      "signerDelaySeconds is 137, below 2 × refundWindowSeconds + (disputeWindowSeconds + answerWindowSeconds) = 138",
    ]);
  });

  it("are refused above a year", () => {
    expect(findWindowErrors({ ...windows, exitGraceSeconds: 31_536_001 })).to.deep.equal([
      "exitGraceSeconds is 31536001, above a year (31536000)",
    ]);
  });
});
