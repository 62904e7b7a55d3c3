import { expect } from "chai";

import { postgres } from "../../fixtures/databases.ts";
import { type Ledger, openLedger, party } from "../../fixtures/ledger.ts";
import { type LedgerServer, serveLedger } from "../../fixtures/ledgerServer.ts";

const EXPECTED = {
  "content-security-policy": "default-src 'none';frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "strict-transport-security": "max-age=31536000; includeSubDomains",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "x-powered-by": null,
};

describe("what browsers are told", () => {
  const provider = party(2);
  let ledger: Ledger;
  let server: LedgerServer;
  let key: string;

  before(async () => {
    ledger = await openLedger(await postgres.open());
    server = await serveLedger(ledger);
    key = await server.keyOf(provider);
  });
  after(async () => {
    await server.stop();
    await ledger.database.close();
  });

  for (const [what, path, parts] of [
    ["an answer that is read", "/healthz", () => ({})],
    ["a batch's outcomes", "/v1/usage", () => ({ key, body: [] })],
    ["a refusal", "/v1/usage", () => ({ body: {} })],
    ["a body that is no JSON", "/v1/usage", () => ({ key, body: "{" })],
    ["a path that is not there", "/nowhere", () => ({})],
  ] as const) {
    it(`is told by ${what}`, async () => {
      const { headers } = await server.request(path, parts());
      const told = Object.keys(EXPECTED).map((name) => [name, headers.get(name)]);
      expect(Object.fromEntries(told)).to.deep.equal(EXPECTED);
    });
  }
});
