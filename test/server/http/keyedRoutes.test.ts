import { expect } from "chai";

import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { postgres } from "../../fixtures/databases.ts";
import { expectProblem } from "../../fixtures/http.ts";
import { type Ledger, emptyLedger, openLedger, party } from "../../fixtures/ledger.ts";
import { type LedgerServer, serveLedger } from "../../fixtures/ledgerServer.ts";
import { cloudEvent } from "../../fixtures/meteredStack.ts";

const account = party(1);
const provider = party(2);

const REPLAYED = "idempotency-replayed";

describe("routes with an Idempotency-Key", () => {
  let ledger: Ledger;
  let server: LedgerServer;
  let key: string;

  before(async () => (ledger = await openLedger(await postgres.open())));
  beforeEach(async () => {
    ledger = await emptyLedger(ledger.database);
    server = await serveLedger(ledger);
    key = createApiKey();
    await ledger.purchase(account, "1");
    await ledger.allow(account, { spender: apiKeySpender(key), proof: null });
  });
  afterEach(() => server.stop());
  after(() => ledger.database.close());

  const accept = (idempotencyKey: string | null, from = server, path = "/v1/acceptances") =>
    from.request(path, {
      key,
      body: { account },
      headers: idempotencyKey === null ? {} : { "idempotency-key": idempotencyKey },
    });

  const keys = () =>
    ledger.database.query<{ applied: boolean; status: number | null }>(
      "select applied, status from idempotency_keys",
    );

  it("answer as the first time, on either server", async () => {
    const other = await serveLedger(ledger);
    try {
      const first = await accept("one");
      expect(first.status).to.equal(201);
      // Without the key it would be 200, because the account is accepted already.
      expect((await accept(null)).status).to.equal(200);
      const again = await accept("one", other);
      expect(again.status).to.equal(201);
      expect(again.headers.get(REPLAYED)).to.equal("true");
      expect(again.document).to.deep.equal(first.document);
      expect(await keys()).to.deep.equal([{ applied: true, status: 201 }]);
    } finally {
      await other.stop();
    }
  });

  it("refuse the key on another path", async () => {
    await accept("one");
    const ended = await accept("one", server, "/v1/acceptances/end");
    expectProblem(ended, 422, "idempotency_key_reused");
  });

  it("mark the key in the effect's transaction: if that fails, so does the effect", async () => {
    // The key's row refuses the mark, as if the database had failed there.
    await ledger.database.script(
      "alter table idempotency_keys add constraint refuses check (not applied)",
    );
    try {
      expectProblem(await accept("one"), 500, "internal_error");
      expect(await keys()).to.deep.equal([]);
    } finally {
      await ledger.database.script("alter table idempotency_keys drop constraint refuses");
    }
    expect((await accept("one")).status).to.equal(201);
  });

  it("are handled again if the server crashed before it kept the answer, with one effect", async () => {
    await accept("one");
    await ledger.database.script(
      `update idempotency_keys set status = null, content_type = null, body = null,
         leased_until = clock_timestamp()`,
    );
    const again = await accept("one");
    expect(again.status).to.equal(200);
    expect(again.headers.has(REPLAYED)).to.equal(false);
    const [changes] = await ledger.database.query("select changes from acceptances");
    expect(changes).to.deep.equal({ changes: 1 });
    expect((await accept("one")).headers.get(REPLAYED)).to.equal("true");
  });

  it("whose ids serve take no notice of it", async () => {
    const providerKey = await server.keyOf(provider);
    const spender = apiKeySpender(key);
    await accept(null);
    await ledger.grantAccess(spender, provider);
    const data = { meter: "units", quantity: "1" };
    for (let n = 0; n < 2; n++) {
      const body = cloudEvent(spender, data, { source: provider });
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const answer = await server.request("/v1/usage", {
        key: providerKey,
        body,
        headers: { "idempotency-key": "one" },
      });
      expect(answer.status).to.equal(201);
    }
    expect(await keys()).to.deep.equal([]);
  });

  it("refuse a key that is none", async () => {
    expectProblem(await accept("x".repeat(256)), 400, "invalid_idempotency_key");
    expect(await ledger.database.query("select from acceptances")).to.have.length(0);
  });
});
