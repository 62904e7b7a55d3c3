import { expect } from "chai";

import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { USAGE_EVENT_TYPE } from "@compute-credits/api/usage/cloudEvent";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { type Ledger, openLedger, party, usageEvent } from "../../../fixtures/ledger.ts";
import { serveLedger } from "../../../fixtures/ledgerServer.ts";

const provider = party(1_000);

for (const { name, open } of databaseKinds) {
  describe(`access that is taken back on ${name}`, () => {
    let ledger: Ledger;
    /** another server on the same database, with a memory of its own */
    let otherServer: Ledger;

    before(async () => {
      const database = await open();
      ledger = await openLedger(database);
      otherServer = await openLedger(database);
    });
    after(() => ledger.database.close());

    it("is good for nothing from the answer on, on every server, whoever remembers it", async () => {
      const account = party(1);
      await ledger.purchase(account, "100");
      const { message } = await ledger.allow(account);
      const { spender } = message;
      await ledger.grantAccess(spender, provider);

      const servers = [ledger, otherServer];
      const revocation = Promise.withResolvers<void>();
      let revoked = false;
      let debitedBefore = 0;

      const writers = servers.flatMap((server) =>
        Array.from({ length: 4 }, async () => {
          let refusals = 0;
          while (refusals < 3) {
            const askedAfter = revoked;
            const [outcome] = await server.usage.record([usageEvent({ provider, spender })]);
            if (outcome?.result === "debited") {
              expect(askedAfter, "debited by access that was taken back").to.equal(false);
              if (++debitedBefore === 40) revocation.resolve();
            } else {
              expect(outcome?.refusal.reason).to.equal("access_not_granted");
              refusals++;
            }
          }
        }),
      );
      await revocation.promise;
      expect(await ledger.providers.revokeAccess({ spender, provider })).to.be.instanceOf(Date);
      revoked = true;
      await Promise.all(writers);

      expect(await otherServer.providers.grantAccess({ spender, provider })).to.equal(false);
      const [outcome] = await otherServer.usage.record([usageEvent({ provider, spender })]);
      expect(outcome?.result).to.equal("refused");
    });

    it("ends a provider's key on every server, whoever remembers it", async () => {
      const { message } = await ledger.allow(party(3));
      const { spender } = message;
      await ledger.purchase(party(3), "1");
      await ledger.grantAccess(spender, provider);
      const servers = [await serveLedger(ledger), await serveLedger(otherServer)];
      try {
        const key = createApiKey();
        const keyHash = apiKeySpender(key);
        await ledger.providers.addKey({ provider, keyHash });
        const report = async (body: unknown) => {
          const answers = servers.map((server) => server.request("/v1/usage", { body, key }));
          return (await Promise.all(answers)).map(({ status }) => status).toSorted((a, b) => a - b);
        };
        const event = () => {
          const { id, quantity } = usageEvent({ provider, spender });
          return {
            specversion: "1.0",
            type: USAGE_EVENT_TYPE,
            source: provider,
            id,
            subject: spender,
            time: new Date().toISOString(),
            data: { meter: "units", quantity: `${quantity}` },
          };
        };
        expect(await report(event())).to.deep.equal([200, 201]);
        expect(await report(event())).to.deep.equal([200, 201]);
        // Somebody else's revocation: they look again, and go on.
        await ledger.providers.revokeAccess({ spender: message.spender, provider: party(1_002) });
        expect(await report(event())).to.deep.equal([200, 201]);

        expect(await ledger.providers.revokeKey({ provider, keyHash })).to.be.instanceOf(Date);
        for (const body of [event(), [event()], [], {}]) {
          // oxlint-disable-next-line no-await-in-loop -- one kind of request after the other
          expect(await report(body)).to.deep.equal([401, 401]);
        }
      } finally {
        await Promise.all(servers.map((server) => server.stop()));
      }
    });

    it("leaves others' access as it is", async () => {
      const account = party(2);
      await ledger.purchase(account, "1");
      const { message } = await ledger.allow(account);
      const { spender } = message;
      await ledger.grantAccess(spender, provider);
      await ledger.grantAccess(spender, party(1_001));
      await ledger.providers.revokeAccess({ spender, provider });

      const outcomes = await otherServer.usage.record([
        usageEvent({ provider, spender }),
        usageEvent({ provider: party(1_001), spender }),
      ]);
      expect(outcomes.map(({ result }) => result)).to.deep.equal(["refused", "debited"]);
    });
  });
}
