import { randomUUID } from "node:crypto";

import { expect } from "chai";

import { createHttpLedger } from "../../../meter/lease/httpLedger.ts";
import { wallets } from "../../../scripts/local/wallets.ts";
import { type HttpApi, openHttpApi } from "../../fixtures/httpApi.ts";
import { addressOf, stackKinds } from "../../fixtures/meteredStack.ts";

const event = (meter: string, quantity: bigint) => ({
  id: randomUUID(),
  time: new Date().toISOString(),
  meter,
  dimensions: {},
  quantity,
});

for (const kind of stackKinds) {
  describe(`the meter's ledger behind a server on ${kind}`, () => {
    let api: HttpApi;

    before(async () => {
      api = await openHttpApi(kind);
    });
    after(() => api.stop());

    it("a late report: all of its lines are charged, or none, and the one that fails is said", async () => {
      const { spender, providerKey, stack } = api;
      const spent = async () =>
        (await stack.context.accounts.balance(addressOf(wallets.alice))).spent;
      const payer = { spender };
      const ledger = createHttpLedger({
        server: stack.server.url,
        key: providerKey,
        payer,
        timeoutMs: 30_000,
      });
      const parties = { provider: addressOf(wallets.provider), spender };
      const before = await spent();
      const [good, more] = [event("requests", 1n), event("requests", 2n)];
      const refused = await ledger.report([good, event("magic", 1n)], parties);
      expect(refused).to.include({ is: "refused", reason: "unknown_meter" });
      expect(await spent()).to.equal(before);
      expect(await ledger.report([good, more], parties)).to.have.property("is", "done");
      expect((await spent()) - before).to.equal(30_000n);
    });
  });
}
