import { expect } from "chai";

import { alice, describeLies } from "../../fixtures/lies.ts";

describeLies("the chain", (liar) => {
  const { lie, use, expectFindings } = liar;

  it("ignoring a refund request: finds the ignored event", async () => {
    await use(10n);
    const last = liar.scene.ledger.blocks.at(-1)?.upTo;
    if (last === undefined) throw new Error("no block");
    const blockTime = new Date(Date.now() - 60_000);
    const place = { blockNumber: last.number + 1n, blockTime, logIndex: 0 };
    liar.scene.hidden.push({
      from: last,
      upTo: { ...last, number: place.blockNumber },
      events: [
        {
          ...place,
          type: "refund_requested",
          account: alice.address,
          requestedMicros: 500n,
          unspentMicros: 1_000n,
          refundedMicros: 0n,
          transactionHash: last.hash,
        },
      ],
    });
    await liar.scene.cut();
    await expectFindings([
      { kind: "chain_event_ignored", party: alice.address, differenceMicros: -500n },
    ]);
  });

  it("never serving a refund request: finds it held back", async () => {
    await use(10n);
    await liar.scene.requestRefund(alice, 500n);
    await lie("update accounts set refunding = 0, refund_waiting = 0");
    const first = await liar.scene.cut();
    // A request during the cut may be served by the next checkpoint.
    expect(await liar.scene.audit()).to.deep.equal([]);
    await liar.scene.finalise(first);
    await use(10n);
    await liar.scene.cut();
    await expectFindings([
      { kind: "refund_held_back", party: alice.address, differenceMicros: -500n },
    ]);
  });

  it("refunding more than was requested: finds the difference", async () => {
    await use(10n);
    await liar.scene.requestRefund(alice, 500n);
    await lie("update accounts set refunding = 600 where refunding > 0");
    await liar.scene.cut();
    await expectFindings([{ kind: "wrong_refund", party: alice.address, differenceMicros: 100n }]);
  });
});
