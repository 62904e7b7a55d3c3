import { expect } from "chai";

import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import type { Database } from "@compute-credits/platform/postgres/database";
import { createProviderStore } from "../../../../server/stores/providers/postgresProviderStore.ts";
import { databaseKinds } from "../../../fixtures/databases.ts";
import { expectProblem } from "../../../fixtures/http.ts";
import { type Ledger, openLedger, party } from "../../../fixtures/ledger.ts";
import { type LedgerServer, serveLedger } from "../../../fixtures/ledgerServer.ts";

const [payer, provider] = [party(4_000), party(4_001)];

for (const { name, open } of databaseKinds) {
  describe(`a provider's key that another server revoked, on ${name}`, () => {
    let database: Database;
    let ledger: Ledger;
    let server: LedgerServer;

    before(async () => {
      database = await open();
      ledger = await openLedger(database);
      server = await serveLedger(ledger);
      await ledger.purchase(payer, "1");
    });
    after(async () => {
      await server.stop();
      await database.close();
    });

    it("opens, captures and releases no hold, and gets no access", async () => {
      const [first, second] = [createApiKey(), createApiKey()];
      await ledger.allow(payer, { spender: apiKeySpender(first) });
      await ledger.allow(payer, { spender: apiKeySpender(second) });
      const key = await server.keyOf(provider);
      const work = { meter: "units", quantity: 5, ttlSeconds: 60 };
      const hold = (id: string, apiKey: string) =>
        server.request("/v1/holds", { key, body: { id, apiKey, ...work } });
      expect(await hold("open", first)).to.have.property("status", 201);

      const keyHash = apiKeySpender(key);
      await createProviderStore(database).revokeKey({ provider, keyHash });
      const capture = { eventId: "work", quantity: 5 };
      const spender = apiKeySpender(first);
      for (const answer of [
        await hold("more", second),
        await server.request("/v1/holds", { key, body: { id: "again", spender, ...work } }),
        await server.request("/v1/holds/open/captures", { key, body: capture }),
        await server.request("/v1/holds/open/release", { key, body: {} }),
        // Also if the request is refused before the database is asked.
        await server.request("/v1/holds", { key, body: { id: "", spender } }),
        await server.request("/v1/holds/open/captures", { key, body: { quantity: 5 } }),
        await server.request("/v1/usage", { key, body: [] }),
      ]) {
        expectProblem(answer, 401, "unknown_key");
      }
      expect(await ledger.holds.find({ provider, id: "open" })).to.include({ resolution: null });
      const access = await database.query("select spender from provider_access");
      expect(access).to.deep.equal([{ spender }]);
    });
  });
}
