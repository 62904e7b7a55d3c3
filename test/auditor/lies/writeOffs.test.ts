import { expect } from "chai";
import type { Address } from "viem";

import { COUNTER_GRACE_SECONDS, person } from "../../fixtures/audited.ts";
import { alice, bytea, describeLies, provider, sponsor } from "../../fixtures/lies.ts";

const operator = person("operator");
const TERMS = { counterGraceSeconds: COUNTER_GRACE_SECONDS };

const finding = (party: Address, differenceMicros: bigint) => ({
  kind: "wrong_write_off" as const,
  party,
  differenceMicros,
});

/** SQL: moves spending so that the next cut has it. */
const move = (micros: number, from: string, to: string) =>
  `update accounts set changed_at_tick = (select tick from cut_clock), spent = spent +
     case address when ${bytea(to)}::bytea then ${micros} else -${micros} end
   where address in (${bytea(from)}, ${bytea(to)});`;

describeLies("write-offs", (liar) => {
  const { agree, expectFindings, lie, use } = liar;

  /** Lets the operator's account take over 100 micro-credits of alice's spending, rightly. */
  async function writeOff(secondsAgo = COUNTER_GRACE_SECONDS + 1): Promise<void> {
    const { scene } = liar;
    await scene.buy(operator, 1_000n);
    await scene.allow(operator, { accountCap: 150n });
    // Older than servers may be late.
    await liar.ageAllowances();
    await agree();
    await use(100n);
    await scene.raiseCounter(alice, 1n, secondsAgo);
    const { writtenOff } = await scene.ledger.writeOffs.writeOff(operator.address, TERMS);
    expect(writtenOff).to.have.length(1);
  }

  it("telling the truth: finds nothing", async () => {
    await writeOff();
    await liar.scene.cut();
    expect(await liar.scene.audit()).to.deep.equal([]);
  });

  it("writing off what the final table has: finds the excess", async () => {
    await writeOff();
    // The ledger would cut no such table, so only the log says so.
    await liar.scene.cut();
    await lie(
      `update log_notes set body = jsonb_set(body, '{amountMicros}', '"101"')
         where kind = 'write_off'`,
    );
    const [first] = await liar.scene.audit();
    expect(first).to.include(finding(alice.address, 1n));
  });

  it("writing off within the grace: finds all of it", async () => {
    await writeOff();
    await lie(
      `update log_notes set body = jsonb_set(body, '{chainTime}',
         to_jsonb(to_char((now() - interval '200 seconds') at time zone 'UTC',
           'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
       where kind = 'write_off'`,
    );
    await liar.scene.cut();
    await expectFindings([finding(alice.address, 100n)]);
  });

  it("writing off what a newer cap covers: finds all of it", async () => {
    await writeOff();
    // The cap was there before, and is older than servers may be late.
    await liar.scene.allow(alice, { accountCap: 101n });
    await lie(
      `update signed_allowances set created_at = created_at - interval '1 minute', log_order = -1
       where counter = 1`,
    );
    await liar.scene.cut();
    await expectFindings([finding(alice.address, 100n)]);
  });

  it("charging a customer for it: finds the payer", async () => {
    await writeOff();
    await lie(`update log_notes set body = jsonb_set(body, '{payer}', '"${sponsor.address}"')
                 where kind = 'write_off';
               ${move(100, operator.address, sponsor.address)}`);
    await liar.scene.cut();
    const findings = await liar.scene.audit();
    expect(findings.map(({ kind, party }) => [kind, party])).to.deep.equal([
      ["wrong_write_off", sponsor.address],
      ["wrong_write_off", sponsor.address],
    ]);
    expect(findings[0]?.text).to.include(`WRITE_OFF_ACCOUNT is ${operator.address}`);
    expect(findings[1]?.text).to.include("signed for 0");
  });

  it("charging the operator beyond what it signed for: finds the excess", async () => {
    const { scene } = liar;
    await scene.buy(operator, 1_000n);
    await scene.allow(operator, { accountCap: 150n });
    await agree();
    await use(151n);
    await scene.raiseCounter(alice, 1n, COUNTER_GRACE_SECONDS + 1);
    const { left } = await scene.ledger.writeOffs.writeOff(operator.address, TERMS);
    expect(left).to.deep.equal([{ account: alice.address, uncoveredMicros: 151n }]);
    const at = new Date().toISOString();
    const note = { account: alice.address, payer: operator.address, amountMicros: "151" };
    await lie(
      `insert into log_notes (kind, body)
         values ('write_off', '${JSON.stringify({ ...note, at, chainTime: at })}');
       ${move(151, alice.address, operator.address)}`,
    );
    await scene.cut();
    await expectFindings([finding(operator.address, 1n)]);
  });

  it("voiding an event that the operator pays for: finds the void", async () => {
    const { scene } = liar;
    await agree();
    const { id } = await use(100n);
    await scene.buy(operator, 1_000n);
    await scene.allow(operator);
    await scene.raiseCounter(alice, 1n, COUNTER_GRACE_SECONDS + 1);
    await scene.ledger.writeOffs.writeOff(operator.address, TERMS);
    await use(1n, {
      spender: (await scene.allow(alice, { spender: liar.spender })).message.spender,
    });
    await lie(
      `insert into voids (provider, event_id, amount_micros) values (${bytea(provider.address)}, '${id}', 100)`,
    );
    await scene.cut();
    const findings = await scene.audit();
    const found = findings.find(({ kind }) => kind === "voided_after_settlement");
    expect(found?.text).to.include(`taken over the spending of ${alice.address}`);
  });
});
