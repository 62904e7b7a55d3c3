import { walletSpender } from "@compute-credits/protocol/messages/spender";
import {
  aliceCharged,
  alice,
  bytea,
  describeLies,
  mallory,
  provider,
  sponsor,
  sponsorCharged,
} from "../../fixtures/lies.ts";

describeLies("acceptances", (liar) => {
  const { lie, use, agree, expectFindings, ageAllowances } = liar;

  it("charging an account that the spender did not accept: finds it", async () => {
    await agree();
    await liar.scene.allow(sponsor, { spender: liar.spender, priority: 1, proof: null });
    await lie(`
      update signed_allowances set accepted = true, log_order = nextval('log_order'),
        transaction_id = pg_current_xact_id()::text::bigint, arrival = 1000
      where account = ${bytea(sponsor.address)};
      update allowance_arrivals set count = 1000`);
    const { id } = await use(10n);
    await liar.scene.cut();
    await expectFindings([sponsorCharged("account_not_accepted", id, 10n)]);
  });

  it("charging after the acceptance ended: finds it", async () => {
    await agree();
    const pair = { spender: liar.spender, account: alice.address };
    await liar.scene.ledger.acceptances.change({ ...pair, accepted: false, proof: { how: "key" } });
    await lie(`
      update signed_allowances set accepted = true, arrival = 1000
      where account = ${bytea(alice.address)};
      update allowance_arrivals set count = 1000`);
    const { id } = await use(10n);
    await liar.scene.cut();
    await expectFindings([aliceCharged("account_not_accepted", id, 10n)]);
  });

  it("accepting for a wallet that did not sign: finds the forgery and the charge", async () => {
    await agree();
    const wallet = walletSpender(mallory.address);
    await liar.scene.allow(alice, {
      spender: wallet,
      scopeLists: { providers: [provider.address], meters: [] },
      proof: { how: "wallet", signature: "0x1234", signedAt: BigInt(Date.now()) },
    });
    await ageAllowances();
    const { id } = await use(10n, { spender: wallet });
    await liar.scene.cut();
    await expectFindings([
      { kind: "forged_acceptance", party: alice.address, event: null },
      {
        kind: "account_not_accepted",
        party: alice.address,
        event: { provider: provider.address, id },
      },
    ]);
  });
});
