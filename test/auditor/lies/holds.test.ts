import { expect } from "chai";

import { alice, aliceCharged, bytea, describeLies, provider, twice } from "../../fixtures/lies.ts";

describeLies("holds, voids and multipliers", (liar) => {
  const { lie, moveSums, use, expectFindings } = liar;
  const from = provider.address;
  const hold = (fields: object = {}) => ({
    provider: from,
    id: "h",
    spender: liar.spender,
    meter: "units",
    dimensions: {},
    quantity: 20n,
    ttlSeconds: 60,
    ...fields,
  });

  it("pinning a rate that is not in force: finds a wrong rate", async () => {
    await liar.scene.ledger.holds.authorize(hold());
    await lie(`update holds set rate = jsonb_set(rate, '{microCredits}', '"2"'), held_micros = 40;
                   update accounts set held = 40 where held > 0`);
    await liar.scene.cut().catch(() => undefined);
    await use(1n);
    await liar.scene.cut();
    const [finding] = await liar.scene.audit();
    expect(finding).to.include({ kind: "wrong_pinned_rate", differenceMicros: 20n });
    expect(liar.scene.signatures).to.have.length(0);
  });

  it("capturing at more than the hold's rate: finds a wrong price", async () => {
    await liar.scene.ledger.holds.authorize(hold());
    await liar.scene.ledger.holds.capture({ ...hold(), eventId: "c", quantity: 5n, final: true });
    await lie("update debits set amount_micros = 6 where event_id = 'c'");
    await moveSums(1n);
    await liar.scene.cut();
    await expectFindings([aliceCharged("wrong_price", "c", 1n)]);
  });

  it("capturing an expired hold: finds it over", async () => {
    await liar.scene.ledger.holds.authorize(hold({ ttlSeconds: 5 }));
    await liar.scene.ledger.holds.capture({ ...hold(), eventId: "c", quantity: 5n, final: true });
    await lie("update debits set recorded_at = recorded_at + interval '5 seconds'");
    await liar.scene.cut();
    await expectFindings([aliceCharged("hold_over", "c", 5n)]);
  });

  it("extending a hold after a refund request: finds that it may not", async () => {
    const { holds } = liar.scene.ledger;
    await holds.authorize(hold());
    const more = { extensionId: "more", ttlSeconds: 120, lines: [] };
    await holds.extend({ provider: from, id: "h", ...more });
    await liar.scene.requestRefund(alice, 1_000n);
    // The log has it after the request, as if the ledger had agreed then.
    await lie(`update log_notes set log_order = nextval('log_order')
                 where kind = 'hold_extension'`);
    await liar.scene.cut();
    await expectFindings([
      { kind: "hold_extended", party: alice.address, event: { provider: from, id: "h" } },
    ]);
  });

  it("giving a hold more time than was asked for: finds it", async () => {
    const { holds } = liar.scene.ledger;
    await holds.authorize(hold());
    const more = { extensionId: "more", ttlSeconds: 120, lines: [] };
    await holds.extend({ provider: from, id: "h", ...more });
    await lie(`update log_notes set body = jsonb_set(body, '{ttlSeconds}', '60')
                 where kind = 'hold_extension'`);
    await use(1n);
    await liar.scene.cut();
    await expectFindings([{ kind: "hold_extended", party: alice.address }]);
  });

  it("adding units that nobody asked for, or at another rate: finds them", async () => {
    const { holds } = liar.scene.ledger;
    await holds.authorize(hold());
    const lines = [{ line: "main", quantity: 5n }];
    await holds.extend({ provider: from, id: "h", extensionId: "more", ttlSeconds: null, lines });
    await lie("delete from log_notes where kind = 'hold_extension'");
    await use(1n);
    await liar.scene.cut();
    await expectFindings([{ kind: "hold_extended", party: alice.address, actual: "5" }]);
  });

  it("capturing a line at the rate of another: finds a wrong price", async () => {
    const { holds } = liar.scene.ledger;
    const { meter: _meter, quantity: _quantity, dimensions, ...terms } = hold();
    const lines = ["a", "b"].map((line) => ({ line, meter: "units", dimensions, quantity: 5n }));
    await holds.authorize({ ...terms, lines });
    const captured = lines.map(({ line }) => ({ line, eventId: `c-${line}`, quantity: 5n }));
    await holds.capture({ provider: from, id: "h", lines: captured, final: true });
    await lie("update captures set line = 'a' where event_id = 'c-b'");
    await liar.scene.cut();
    await expectFindings([aliceCharged("wrong_price", "c-b", 5n)]);
  });

  it("voiding an event twice: finds the second void", async () => {
    const { id } = await use(50n);
    await use(100n);
    await liar.scene.ledger.usage.void({ provider: from, id });
    await moveSums(-50n, -49n);
    await liar.scene.cut();
    const findings = await liar.scene.audit(twice("void"));
    expect(findings[0]).to.include({
      kind: "voided_twice",
      party: from,
      differenceMicros: 50n,
    });
    expect(liar.scene.signatures).to.have.length(0);
  });

  it("voiding an event of a final checkpoint: finds it", async () => {
    const { id } = await use(50n);
    const first = await liar.scene.cut();
    await liar.scene.audit();
    await liar.scene.finalise(first);
    await use(100n);
    await lie(
      `insert into voids (provider, event_id, amount_micros) values (${bytea(from)}, '${id}', 50)`,
    );
    await moveSums(-50n, -49n);
    await liar.scene.cut();
    await expectFindings([{ ...aliceCharged("voided_after_settlement", id, 50n), party: from }]);
  });

  it("voiding more than was charged: finds a wrong void", async () => {
    const { id } = await use(50n);
    await use(100n);
    await liar.scene.ledger.usage.void({ provider: from, id });
    await lie("update voids set amount_micros = 51");
    await liar.scene.cut();
    await expectFindings([{ ...aliceCharged("wrong_void", id, 1n), party: from }]);
  });

  it("moving a multiplier further than its rule: finds a wrong step", async () => {
    const multiplier = {
      targetBps: 5_000n,
      startBps: 10_000n,
      minBps: 5_000n,
      maxBps: 40_000n,
      maxStepBps: 500n,
      denominator: 8n,
      stepSeconds: 1,
    };
    const gpu = { kind: "dynamic", meter: "gpu", dimensions: {} } as const;
    const rates = [{ ...gpu, microCredits: 10n, perUnits: 1n, multiplier }];
    await liar.scene.ledger.rateCards.publish({ provider: from, effectiveFrom: null, rates });
    await liar.scene.ledger.multipliers.report({
      provider: from,
      meter: "gpu",
      dimensions: {},
      utilisationBps: 10_000n,
    });
    await lie("update multiplier_steps set after_bps = 20000");
    await use(10n);
    await liar.scene.cut();
    await expectFindings([
      {
        kind: "wrong_multiplier",
        party: from,
        expected: "10000 to 10500",
        actual: "10000 to 20000",
      },
    ]);
  });
});
