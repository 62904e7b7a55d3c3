import { expect } from "chai";

import type { Finding } from "../../../auditor/replay/finding.ts";
import { alice, bytea, describeLies, provider, sponsor } from "../../fixtures/lies.ts";

describeLies("the table", (liar) => {
  const { lie, use, expectFindings } = liar;
  const from = provider.address;

  it("publishing a row above the log: finds the row", async () => {
    await use(30n);
    await lie(`update accounts set spent = spent + 1 where address = ${bytea(alice.address)}`);
    await liar.scene.cut();
    const [finding] = await liar.scene.audit();
    expect(finding).to.include({
      kind: "wrong_row",
      party: alice.address,
      differenceMicros: 1n,
      actual: "spent 31",
    });
    expect(liar.scene.signatures).to.have.length(0);
  });

  it("publishing a row below the log: finds the row", async () => {
    await use(30n);
    await lie(`update earnings set earned = earned - 2 where provider = ${bytea(from)}`);
    await liar.scene.cut();
    const [finding] = await liar.scene.audit();
    expect(finding).to.include({ kind: "wrong_row", party: from, differenceMicros: -2n });
  });

  it("moving a party's place: finds it moved", async () => {
    const other = await liar.scene.allow(sponsor);
    await liar.scene.ledger.grantAccess(other.message.spender, from);
    await use(30n);
    await use(30n, { spender: other.message.spender });
    const first = await liar.scene.cut();
    await liar.scene.audit();
    await liar.scene.finalise(first);
    // Not a sibling: two siblings hash to the same node in either order.
    await lie(`update places set place = 99 where place = 0; update places set place = 0 where place = 2;
                   update places set place = 2 where place = 99`);
    await use(30n);
    await liar.scene.cut();
    const findings = await liar.scene.audit();
    expect(findings.map((one) => one.kind)).to.include("place_moved");
    expect(liar.scene.signatures).to.have.length(1);
  });

  const messages: readonly [Finding["kind"], string][] = [
    ["wrong_root", `root = '\\x${"11".repeat(32)}'`],
    ["wrong_data_hash", `data_hash = '\\x${"11".repeat(32)}'`],
    ["wrong_totals", "spent = spent + 1"],
    ["wrong_epoch", "epoch = epoch + 1"],
    ["wrong_previous_root", `previous_root = '\\x${"11".repeat(32)}'`],
  ];
  for (const [name, change] of messages) {
    it(`publishing a checkpoint with the ${name.replaceAll("_", " ")}: finds it`, async () => {
      await use(30n);
      await liar.scene.cut();
      await lie(`update checkpoints set ${change}`);
      await expectFindings([{ kind: name }]);
    });
  }

  it("dating a checkpoint back: finds a wrong asOf", async () => {
    await use(30n);
    await liar.scene.cut();
    await lie("update checkpoints set as_of = as_of - 86400");
    await expectFindings([{ kind: "wrong_as_of" }]);
  });

  it("cutting an epoch again with another root: signs it only once its operator releases it", async () => {
    await use(30n);
    await liar.scene.cut();
    expect(await liar.scene.audit()).to.deep.equal([]);
    // Abandoned by the server, but not dropped on chain.
    await lie("update checkpoints set dropped = true, abandoned_at = clock_timestamp()");
    await use(30n);
    await liar.scene.cut();
    await expectFindings([{ kind: "signed_another" }]);

    // The auditor's operator releases the epoch.
    liar.scene.restart(1n);
    expect(await liar.scene.audit()).to.deep.equal([]);
    expect(liar.scene.signatures.map(({ epoch }) => epoch)).to.deep.equal([1n, 1n]);
  });

  it("cutting an epoch again after the signers changed: signs the new root", async () => {
    await use(30n);
    const { message } = await liar.scene.cut();
    const asOf = message.asOf - 5n;
    await lie(`update checkpoints set as_of = ${asOf}`);
    expect(await liar.scene.audit()).to.deep.equal([]);
    await lie("update checkpoints set dropped = true, dropped_at = to_timestamp(as_of)");
    await use(30n);
    await liar.scene.cut();

    // Signers since an earlier time could still submit it.
    liar.scene.changeSigners(asOf - 1n);
    await expectFindings([{ kind: "signed_another" }]);
    // A change in the second of its `asOf` voids it.
    liar.scene.changeSigners(asOf);
    liar.scene.restart();
    expect(await liar.scene.audit()).to.deep.equal([]);
    expect(liar.scene.signatures.map(({ epoch }) => epoch)).to.deep.equal([1n, 1n]);
  });
});
