import { expect } from "chai";

import { bytea, describeLies, provider, receiptFinding } from "../../fixtures/lies.ts";

describeLies("receipts", (liar) => {
  const { lie, moveSums, use, expectFindings } = liar;
  const from = provider.address;

  it("losing an event of a receipt before the auditor records it: finds the receipt unpaid", async () => {
    const { id } = await use(50n);
    await use(100n);
    await liar.scene.promise(provider);
    await lie(`delete from debits where event_id = '${id}'`);
    await moveSums(-50n, -49n);
    await liar.scene.cut();
    await expectFindings([receiptFinding("receipt_not_paid", -49n)]);
    const [{ text } = { text: "" }] = await liar.scene.audit();
    expect(text).to.equal(
      `${from} has a receipt of 147 micro-credits earned from epoch 1 on, and the checkpoint of epoch 1 pays 98: 49 too few`,
    );
  });

  it("voiding an event of a receipt after its checkpoint was dropped: finds both", async () => {
    const { id } = await use(100n);
    await liar.scene.promise(provider);
    const first = await liar.scene.cut();
    expect(await liar.scene.audit()).to.deep.equal([]);
    await liar.scene.drop(first);
    liar.scene.restart();
    await use(10n);
    await lie(
      `insert into voids (provider, event_id, amount_micros) values (${bytea(from)}, '${id}', 100)`,
    );
    await moveSums(-100n, -98n);
    await liar.scene.cut();
    await expectFindings([
      { ...receiptFinding("voided_after_receipt", -98n), event: { provider: from, id } },
      receiptFinding("receipt_not_paid", -88n),
    ]);
  });

  it("voiding an event of a receipt while the provider earns more: finds the void", async () => {
    const { id } = await use(50n);
    await liar.scene.promise(provider);
    await use(100n);
    await lie(
      `insert into voids (provider, event_id, amount_micros) values (${bytea(from)}, '${id}', 50)`,
    );
    await moveSums(-50n, -49n);
    await liar.scene.cut();
    await expectFindings([
      { ...receiptFinding("voided_after_receipt", -49n), event: { provider: from, id } },
    ]);
  });

  it("removing a receipt that the auditor has recorded: finds it dropped", async () => {
    await use(50n);
    await liar.scene.promise(provider);
    expect(await liar.scene.audit()).to.deep.equal([]);
    await lie("delete from log_notes where kind = 'receipt'");
    await liar.scene.cut();
    await expectFindings([receiptFinding("receipt_dropped", -49n)]);
  });

  it("lowering a receipt that the auditor has recorded: finds it changed", async () => {
    await use(50n);
    await liar.scene.promise(provider);
    expect(await liar.scene.audit()).to.deep.equal([]);
    await lie(
      `update log_notes set body = jsonb_set(body, '{earned}', '"9"') where kind = 'receipt'`,
    );
    await liar.scene.cut();
    await expectFindings([receiptFinding("receipt_changed", -40n)]);
  });
});
