import { expect } from "chai";

import {
  alice,
  aliceCharged,
  bytea,
  describeLies,
  mallory,
  provider,
  sponsor,
  twice,
} from "../../fixtures/lies.ts";

describeLies("events", (liar) => {
  const { lie, moveSums, ageAllowances, use, expectFindings } = liar;
  const from = provider.address;

  it("charging one micro-credit too much: finds the difference, in words too", async () => {
    const { id } = await use(30n);
    await lie(`update debits set amount_micros = 31 where event_id = '${id}'`);
    await moveSums(1n);
    await liar.scene.cut();
    await expectFindings([aliceCharged("wrong_price", id, 1n)]);
    const [{ text } = { text: "" }] = await liar.scene.audit();
    expect(text).to.equal(
      `${alice.address} was charged 31 micro-credits for event ${id} of ${from}; its price is 30: 1 too many`,
    );
  });

  it("charging one micro-credit too little: finds the difference", async () => {
    const { id } = await use(30n);
    await lie(`update debits set amount_micros = 29 where event_id = '${id}'`);
    await moveSums(-1n);
    await liar.scene.cut();
    await expectFindings([aliceCharged("wrong_price", id, -1n)]);
  });

  it("paying the provider less than its share: finds a wrong fee", async () => {
    const { id } = await use(100n);
    await lie(`update debits set fee_micros = fee_micros + 5 where event_id = '${id}'`);
    await moveSums(0n, -5n);
    await liar.scene.cut();
    await expectFindings([{ ...aliceCharged("wrong_fee", id, -5n), party: from }]);
  });

  it("removing an event that the auditor has recorded: finds it dropped", async () => {
    const { id } = await use(50n);
    await use(7n);
    expect(await liar.scene.audit()).to.deep.equal([]);
    await lie(`delete from debits where event_id = '${id}'`);
    await moveSums(-50n, -49n);
    await liar.scene.cut();
    await expectFindings([{ ...aliceCharged("event_dropped", id, -50n), party: from }]);
  });

  it("changing an event that the auditor has recorded: finds it changed", async () => {
    const { id } = await use(50n);
    await liar.scene.audit();
    await lie(`update debits set quantity = 60, amount_micros = 60 where event_id = '${id}'`);
    await moveSums(10n);
    await liar.scene.cut();
    await expectFindings([aliceCharged("event_changed", id, 10n)]);
  });

  it("charging an event twice: finds it doubled", async () => {
    const { id } = await use(50n);
    await moveSums(50n, 49n);
    await liar.scene.cut();
    await expectFindings([aliceCharged("event_doubled", id, 50n)], twice("debit"));
  });

  it("charging an event again in a later checkpoint: finds it doubled", async () => {
    const { id } = await use(50n);
    const first = await liar.scene.cut();
    await liar.scene.audit();
    await liar.scene.finalise(first);
    // A new event takes the id of the old one.
    const again = await use(50n);
    await lie(`update debits set event_id = 'gone' where event_id = '${id}';
                   update debits set event_id = '${id}' where event_id = '${again.id}'`);
    await liar.scene.cut();
    await expectFindings([aliceCharged("event_doubled", id, 50n)]);
  });

  it("rating by a card that is not in force: finds a wrong card", async () => {
    const rates = [{ meter: "units", dimensions: {}, microCredits: 3n, perUnits: 1n }];
    const effectiveFrom = new Date(Date.now() + 3_600_000);
    await liar.scene.ledger.rateCards.publish({ provider: null, effectiveFrom, rates });
    const { id } = await use(10n);
    await lie(`update debits set amount_micros = 30, rate_card = 2 where event_id = '${id}'`);
    await moveSums(20n);
    await liar.scene.cut();
    await expectFindings([aliceCharged("wrong_rate_card", id, 20n)]);
  });

  it("changing a published card: finds a wrong price", async () => {
    await use(10n);
    const first = await liar.scene.cut();
    await liar.scene.audit();
    await liar.scene.finalise(first);
    const { id } = await use(10n);
    await lie(`update rate_cards set card = jsonb_set(card, '{0,microCredits}', '"2"');
                   update debits set amount_micros = 20 where event_id = '${id}'`);
    await moveSums(10n);
    await liar.scene.cut();
    await expectFindings([aliceCharged("wrong_price", id, 10n)]);
  });

  it("logging a published card again with other prices: finds it changed", async () => {
    await use(10n);
    const first = await liar.scene.cut();
    await liar.scene.audit();
    await liar.scene.finalise(first);
    await use(10n);
    await lie(`update rate_cards set card = jsonb_set(card, '{0,microCredits}', '"2"'),
          transaction_id = pg_current_xact_id()::text::bigint, log_order = nextval('log_order')`);
    await liar.scene.cut();
    const findings = await liar.scene.audit();
    expect(findings.map((finding) => finding.kind)).to.include("card_changed");
    expect(liar.scene.signatures).to.have.length(1);
  });

  it("charging another account than burn-down order requires: finds a wrong payer", async () => {
    const first = await liar.scene.allow(sponsor, { spender: liar.spender, priority: 1 });
    await ageAllowances();
    const { id } = await use(40n);
    const [mine] = await liar.scene.ledger.allowances.ofAccount(alice.address);
    await lie(`update debits set account = ${bytea(alice.address)}, allowance = ${bytea(mine?.id ?? "")}
                     where event_id = '${id}';
                   update accounts set spent = 40 where address = ${bytea(alice.address)};
                   update accounts set spent = 0 where address = ${bytea(sponsor.address)}`);
    await liar.scene.cut();
    await expectFindings([aliceCharged("wrong_payer", id, 40n)]);
    const [{ text } = { text: "" }] = await liar.scene.audit();
    expect(text).to.contain(`it was to be paid by ${sponsor.address} (40 by ${first.id})`);
  });

  it("dating an event before the previous checkpoint: finds it backdated", async () => {
    await use(10n);
    const first = await liar.scene.cut();
    await liar.scene.audit();
    await liar.scene.finalise(first);
    const { id } = await use(10n);
    await lie(
      `update debits set recorded_at = recorded_at - interval '1 hour' where event_id = '${id}'`,
    );
    await liar.scene.cut();
    await expectFindings([
      { kind: "backdated", party: alice.address, event: { provider: from, id } },
    ]);
  });

  it("counting a month's usage wrong: finds a wrong price", async () => {
    const tiers = [
      { upTo: 10n, microCredits: 5n },
      { upTo: null, microCredits: 1n },
    ];
    await liar.scene.ledger.rateCards.publish({
      provider: from,
      effectiveFrom: null,
      rates: [{ kind: "graduated", meter: "tokens", dimensions: {}, perUnits: 1n, tiers }],
    });
    await use(10n, { meter: "tokens" });
    const { id } = await use(10n, { meter: "tokens" });
    // As if there were no earlier usage: all units in the expensive tier.
    await lie(`update debits set amount_micros = 50, fee_micros = 1, price_basis = jsonb_set(price_basis, '{usedUnits}', '"0"')
          where event_id = '${id}'`);
    await moveSums(40n, 39n);
    await liar.scene.cut();
    await expectFindings([aliceCharged("wrong_price", id, 40n)]);
  });

  it("pricing an event by an allowance with nothing left: finds a wrong price", async () => {
    const tiers = [
      { upTo: 10n, microCredits: 5n },
      { upTo: null, microCredits: 1n },
    ];
    await liar.scene.ledger.rateCards.publish({
      provider: from,
      effectiveFrom: null,
      rates: [{ kind: "graduated", meter: "tokens", dimensions: {}, perUnits: 1n, tiers }],
    });
    await liar.scene.allow(mallory, { spender: liar.spender, priority: 0, limit: 0n });
    await use(10n, { meter: "tokens" });
    await ageAllowances();
    const { id } = await use(10n, { meter: "tokens" });
    // As if Mallory's empty account set the tier, as it did before each account had its own price.
    await lie(`update debits set amount_micros = 50, fee_micros = 1, price_basis = jsonb_set(
            jsonb_set(price_basis, '{usedUnits}', '"0"'), '{use,account}', '"${mallory.address}"')
          where event_id = '${id}'`);
    await moveSums(40n, 39n);
    await liar.scene.cut();
    await expectFindings([aliceCharged("wrong_price", id, 40n)]);
  });

  it("telling several lies: finds all of them, and signs once they are corrected", async () => {
    const one = await use(30n);
    const two = await use(30n);
    const raise = (by: number) =>
      lie(
        `update debits set amount_micros = amount_micros + ${by} where event_id in ('${one.id}', '${two.id}')`,
      );
    await raise(1);
    await moveSums(2n);
    await liar.scene.cut();
    await expectFindings([
      aliceCharged("wrong_price", one.id, 1n),
      aliceCharged("wrong_price", two.id, 1n),
    ]);

    await raise(-1);
    await moveSums(-2n);
    await lie("update checkpoints set dropped = true, abandoned_at = clock_timestamp()");
    await liar.scene.cut();
    expect(await liar.scene.audit()).to.deep.equal([]);
    expect(liar.scene.signatures).to.have.length(1);
  });
});
