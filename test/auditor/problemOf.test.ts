import { expect } from "chai";

import { problemOf } from "../../auditor/problemOf.ts";

describe("problemOf an auditor", () => {
  const text = "the server has read the chain up to block 9, this auditor up to 7";
  const well = { waitsForChain: () => null, refusedReceipts: () => [] };
  const waiting = (milliseconds: number) => ({
    ...well,
    waitsForChain: () => ({ text, milliseconds }),
  });

  it("is none while it waits for blocks as confirmations need, and an endpoint after ten minutes", () => {
    expect(problemOf(well)).to.equal(null);
    expect(problemOf(waiting(600_000))).to.equal(null);
    expect(problemOf(waiting(660_001))).to.equal(
      `has waited for 11 minutes: ${text}. Check RPC_URL, or lower CONFIRMATIONS`,
    );
  });

  it("is a receipt that it does not sign", () => {
    const refusing = { ...well, refusedReceipts: () => ["it promises 1 more", "another"] };
    expect(problemOf(refusing)).to.equal("does not sign a receipt: it promises 1 more");
  });
});
