import { expect } from "chai";

import type { Finding } from "../../../auditor/replay/finding.ts";
import { walletSpender } from "@compute-credits/protocol/messages/spender";
import {
  alice,
  aliceCharged,
  bytea,
  describeLies,
  mallory,
  provider,
  sponsor,
} from "../../fixtures/lies.ts";
import { person } from "../../fixtures/audited.ts";

/** A contract wallet. */
const contractWallet = person("wallet");

const walletCharged = (kind: Finding["kind"], id: string, differenceMicros: bigint) => ({
  ...aliceCharged(kind, id, differenceMicros),
  party: contractWallet.address,
});

describeLies("allowances", (liar) => {
  const { lie, ageAllowances, use, agree, expectFindings } = liar;
  const from = provider.address;

  const capRecorded = (accountCapMicros: bigint) =>
    liar.scene.ledger.chainEvents({
      type: "cap_recorded",
      account: contractWallet.address,
      counter: 0n,
      accountCapMicros,
    });
  async function allowed() {
    await liar.scene.buy(contractWallet, 1_000_000n);
    const { message } = await liar.scene.allow(contractWallet, { byContract: true });
    await liar.scene.ledger.grantAccess(message.spender, from);
    return message;
  }

  it("charging an allowance without its owner's signature: finds it forged", async () => {
    await lie("delete from allowance_usage; delete from signed_allowances");
    await liar.scene.allow(alice, { spender: liar.spender }, mallory);
    const { id } = await use(10n);
    await liar.scene.cut();
    await expectFindings([aliceCharged("forged_allowance", id, 10n)]);
  });

  context("when a contract wallet signed, which has disowned its signature since", () => {
    it("charging up to what is on record: agrees", async () => {
      const { spender } = await allowed();
      await capRecorded(10n);
      await use(10n, { spender });
      await agree();
    });

    it("charging more than is on record: finds that the cap is not", async () => {
      const { spender } = await allowed();
      await capRecorded(10n);
      await lie(
        `update accounts set recorded_cap = 100 where address = ${bytea(contractWallet.address)}`,
      );
      const { id } = await use(13n, { spender });
      await liar.scene.cut();
      await expectFindings([walletCharged("cap_not_recorded", id, 3n)]);
    });

    it("charging before the cap is on record: finds that it was not", async () => {
      const { spender } = await allowed();
      await lie(
        `update accounts set recorded_cap = 100 where address = ${bytea(contractWallet.address)}`,
      );
      const { id } = await use(5n, { spender });
      await capRecorded(100n);
      await liar.scene.cut();
      await expectFindings([walletCharged("cap_not_recorded", id, 5n)]);
    });

    it("calling it a key's: finds that the cap is not on record", async () => {
      const { spender } = await allowed();
      await lie("update signed_allowances set by_contract = false");
      const { id } = await use(5n, { spender });
      await liar.scene.cut();
      await expectFindings([walletCharged("cap_not_recorded", id, 5n)]);
    });

    it("charging under the next counter what was on record for the last: finds it", async () => {
      await allowed();
      await capRecorded(10n);
      await liar.scene.ledger.chainEvents({
        type: "counter_raised",
        account: contractWallet.address,
        counter: 1n,
      });
      const { message } = await liar.scene.allow(contractWallet, { byContract: true });
      await liar.scene.ledger.grantAccess(message.spender, from);
      await lie(
        `update accounts set recorded_cap = 10 where address = ${bytea(contractWallet.address)}`,
      );
      const { id } = await use(5n, { spender: message.spender });
      await liar.scene.cut();
      await expectFindings([walletCharged("cap_not_recorded", id, 5n)]);
    });
  });

  it("changing the terms of a signed allowance: finds it forged", async () => {
    await lie("update allowance_usage set limit_micros = limit_micros + 1");
    const { id } = await use(10n);
    await liar.scene.cut();
    await expectFindings([aliceCharged("forged_allowance", id, 10n)]);
  });

  it("charging a revoked allowance: finds it revoked", async () => {
    await agree();
    const [mine] = await liar.scene.ledger.allowances.ofAccount(alice.address);
    if (mine !== undefined) await liar.scene.revoke(alice, mine);
    await lie("update allowance_usage set revoked_at = null");
    const { id } = await use(10n);
    await liar.scene.cut();
    await expectFindings([aliceCharged("allowance_revoked", id, 10n)]);
  });

  it("charging under a counter that has ended: finds it revoked", async () => {
    await agree();
    await liar.scene.ledger.chainEvents({
      type: "counter_raised",
      account: alice.address,
      counter: 1n,
    });
    await lie("update accounts set counter = 0");
    const { id } = await use(10n);
    await liar.scene.cut();
    await expectFindings([aliceCharged("allowance_revoked", id, 10n)]);
  });

  it("charging an expired allowance: finds it expired", async () => {
    const now = BigInt(Math.floor(Date.now() / 1000));
    const short = await liar.scene.allow(alice, { expiresAt: now + 1_000n });
    await liar.scene.ledger.grantAccess(short.message.spender, from);
    await agree();
    const { id } = await use(10n, { spender: short.message.spender });
    await lie(
      `update debits set recorded_at = recorded_at + interval '1000 seconds' where event_id = '${id}'`,
    );
    await liar.scene.cut();
    await expectFindings([aliceCharged("allowance_expired", id, 10n)]);
  });

  it("charging over the allowance's limit: finds the excess", async () => {
    const small = await liar.scene.allow(alice, { limit: 15n });
    await liar.scene.ledger.grantAccess(small.message.spender, from);
    await agree();
    await lie(
      "alter table allowance_usage drop constraint never_over_limit; update allowance_usage set limit_micros = 1000 where limit_micros = 15",
    );
    const { id } = await use(40n, { spender: small.message.spender });
    await lie(
      "update allowance_usage set period_spent = 0; alter table allowance_usage add constraint never_over_limit check (period_spent <= limit_micros + carried_micros)",
    );
    await liar.scene.cut();
    await expectFindings([aliceCharged("allowance_exhausted", id, 25n)]);
  });

  it("charging over the account cap: finds the excess", async () => {
    const capped = await liar.scene.allow(alice, { accountCap: 15n });
    await liar.scene.ledger.grantAccess(capped.message.spender, from);
    await agree();
    await lie(
      "update signed_allowances set account_cap_micros = 1000 where account_cap_micros = 15",
    );
    const { id } = await use(40n, { spender: capped.message.spender });
    await liar.scene.cut();
    await expectFindings([aliceCharged("account_cap_reached", id, 26n)]);
  });

  it("charging over the purchased credits: finds the excess", async () => {
    await agree();
    await lie("update accounts set purchased = purchased + 1000000");
    const { id } = await use(1_000_005n);
    await liar.scene.cut();
    const findings = await liar.scene.audit();
    expect(findings.map((one) => [one.kind, one.differenceMicros])).to.deep.include.members([
      ["insufficient_credits", 6n],
    ]);
    expect(findings[0]?.event?.id).to.equal(id);
    expect(liar.scene.signatures).to.have.length(1);
  });

  it("charging for a provider without the wallet's access: finds it not granted", async () => {
    await agree();
    const wallet = walletSpender(alice.address);
    await liar.scene.allow(alice, { spender: wallet });
    // Without the wallet's signature.
    await liar.scene.ledger.grantAccess(wallet, from);
    const { id } = await use(10n, { spender: wallet });
    await liar.scene.cut();
    await expectFindings([aliceCharged("access_not_granted", id, 10n)]);
  });

  it("revoking without the owner, so that another account pays: finds both lies", async () => {
    const gift = await liar.scene.allow(sponsor, { spender: liar.spender, priority: 1 });
    await ageAllowances();
    await liar.scene.ledger.allowances.revoke(gift.id, "0x1234");
    const { id } = await use(10n);
    await liar.scene.cut();
    await expectFindings([
      { kind: "forged_revocation", party: sponsor.address, event: null },
      { kind: "wrong_payer", party: alice.address, event: { provider: from, id } },
    ]);
  });
});
