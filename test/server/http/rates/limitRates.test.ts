import { expect } from "chai";

import { createApiKey, createProviderKey } from "@compute-credits/client/wallet/apiKey";
import { createAddressList } from "@compute-credits/platform/process/addressList";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { type RateLimits, createRateBudgets } from "../../../../server/http/rates/rateBudgets.ts";
import { postgres } from "../../../fixtures/databases.ts";
import { type RequestOptions, expectProblem } from "../../../fixtures/http.ts";
import { type Ledger, emptyLedger, openLedger, party } from "../../../fixtures/ledger.ts";
import { type LedgerServer, serveLedger } from "../../../fixtures/ledgerServer.ts";
import { cloudEvent } from "../../../fixtures/meteredStack.ts";

const payer = party(1);
const provider = party(2);

/** Of documentation networks, so that no test depends on the machine's addresses. */
const [HERE, ELSEWHERE] = ["198.51.100.1", "203.0.113.9"];

const GENEROUS: RateLimits = {
  providerPoints: 1_000,
  credentialPoints: 1_000,
  addressPoints: 1_000,
  sensitiveRequests: 1_000,
};

const from = (address: string, parts: RequestOptions = {}): RequestOptions => ({
  ...parts,
  headers: { ...parts.headers, "x-forwarded-for": address },
});

const register = (server: LedgerServer, address: string) =>
  server.request("/v1/provider-keys", from(address, { body: {} }));

describe("rate limits", () => {
  let ledger: Ledger;
  const servers: LedgerServer[] = [];

  before(async () => (ledger = await openLedger(await postgres.open())));
  beforeEach(async () => (ledger = await emptyLedger(ledger.database)));
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });
  after(() => ledger.database.close());

  /** A server behind a proxy on this machine, which names the client's address. */
  async function serveLimited(limits: Partial<RateLimits>): Promise<LedgerServer> {
    const rateBudgets = createRateBudgets(ledger.database, { ...GENEROUS, ...limits });
    const isTrustedProxy = createAddressList(["127.0.0.1"]);
    const server = await serveLedger(ledger, {}, { rateBudgets, isTrustedProxy });
    servers.push(server);
    return server;
  }

  /** A provider that the server knows, and its event. */
  async function knownProvider(server: LedgerServer) {
    const key = await server.keyOf(provider);
    const spender = apiKeySpender(createApiKey());
    await ledger.purchase(payer, "1");
    await ledger.allow(payer, { spender });
    await ledger.grantAccess(spender, provider);
    const event = () =>
      cloudEvent(spender, { meter: "units", quantity: "1" }, { source: provider });
    const report = (address: string) =>
      server.request("/v1/usage", from(address, { key, body: event() }));
    return { key, report };
  }

  it("tell what is left, and refuse with the time until the window ends", async () => {
    const server = await serveLimited({ addressPoints: 2 });
    const first = await server.request("/v1/deployment", from(HERE));
    expect(first.status).to.equal(200);
    expect(first.headers.get("ratelimit-policy")).to.equal('"address";q=2;w=10');
    expect(first.headers.get("ratelimit")).to.match(/^"address";r=1;t=([1-9]|10)$/);
    expect(first.headers.has("retry-after")).to.equal(false);
    await server.request("/v1/deployment", from(HERE));

    const over = await server.request("/v1/deployment", from(HERE));
    expectProblem(over, 429, "rate_limited");
    expect(over.document["policy"]).to.equal("address");
    expect(over.headers.get("ratelimit")).to.match(/^"address";r=0;t=/);
    const seconds = Number(over.headers.get("retry-after"));
    expect(seconds).to.be.within(1, 10);
    expect(over.document["retryAfterSeconds"]).to.equal(seconds);
    expect((await server.request("/v1/deployment", from(ELSEWHERE))).status).to.equal(200);
  });

  it("weigh a request by what it costs the server", async () => {
    const server = await serveLimited({ addressPoints: 10 });
    const report = await server.request(`/v1/accounts/${payer}/runway`, from(HERE));
    expect(report.headers.get("ratelimit")).to.include('"address";r=0;');
    expectProblem(await server.request("/v1/deployment", from(HERE)), 429, "rate_limited");
  });

  it("count an IPv6 customer once, whatever its address", async () => {
    const server = await serveLimited({ addressPoints: 1 });
    await server.request("/v1/deployment", from("2001:db8:1:2::1"));
    const other = await server.request("/v1/deployment", from("2001:db8:1:2:ffff::9"));
    expectProblem(other, 429, "rate_limited");
    expect((await server.request("/v1/deployment", from("2001:db8:1:3::1"))).status).to.equal(200);
  });

  it("use up the sender's address, not one that it writes into X-Forwarded-For", async () => {
    const server = await serveLimited({ addressPoints: 1 });
    await server.request("/v1/deployment", from(`${HERE}, ${ELSEWHERE}`));
    const again = await server.request("/v1/deployment", from(`${HERE}, ${ELSEWHERE}`));
    expectProblem(again, 429, "rate_limited");
    expect((await server.request("/v1/deployment", from(HERE))).status).to.equal(200);
  });

  it("count a spender's key on all of its addresses", async () => {
    const server = await serveLimited({ credentialPoints: 1 });
    const key = createApiKey();
    const answer = await server.request("/v1/deployment", from(HERE, { key }));
    expect(answer.headers.get("ratelimit")).to.match(/^"address";r=999;t=\d+, "credential";r=0;t=/);
    const elsewhere = await server.request("/v1/deployment", from(ELSEWHERE, { key }));
    expectProblem(elsewhere, 429, "rate_limited");
    expect(elsewhere.document["policy"]).to.equal("credential");
    const other = await server.request("/v1/deployment", from(HERE, { key: createApiKey() }));
    expect(other.status).to.equal(200);
  });

  it("use no other budget once the address is refused", async () => {
    const server = await serveLimited({ addressPoints: 1, credentialPoints: 2 });
    const key = createApiKey();
    await server.request("/v1/deployment", from(HERE, { key }));
    for (let n = 0; n < 3; n++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const refused = await server.request("/v1/deployment", from(HERE, { key }));
      expect(refused.document["policy"]).to.equal("address");
    }
    const elsewhere = await server.request("/v1/deployment", from(ELSEWHERE, { key }));
    expect(elsewhere.status).to.equal(200);
  });

  it("do not limit the operator's own machine by its address", async () => {
    const server = await serveLimited({ addressPoints: 1, credentialPoints: 1 });
    for (let n = 0; n < 3; n++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      expect((await server.request("/v1/deployment")).status).to.equal(200);
    }
  });

  it("are not there if the operator switched them off", async () => {
    const server = await serveLedger(ledger);
    servers.push(server);
    const { headers } = await server.request("/v1/deployment");
    expect(headers.has("ratelimit")).to.equal(false);
  });

  describe("of a provider's key", () => {
    it("refuse usage without moving a balance", async () => {
      const server = await serveLimited({ providerPoints: 2 });
      const { report } = await knownProvider(server);
      // The first is counted by address, because the server does not know the key yet.
      expect((await report(HERE)).status).to.equal(201);
      const second = await report(HERE);
      expect(second.headers.get("ratelimit")).to.match(/^"provider";r=1;t=/);
      expect((await report(HERE)).status).to.equal(201);
      const before = await ledger.accounts.balance(payer);
      expect(before.spent).to.equal(3n);
      const over = await report(HERE);
      expectProblem(over, 429, "rate_limited");
      expect(over.document["policy"]).to.equal("provider");
      expect(await ledger.accounts.balance(payer)).to.deep.equal(before);
    });

    it("do not depend on what strangers send from its address", async () => {
      const server = await serveLimited({ addressPoints: 1 });
      const { report } = await knownProvider(server);
      await report(ELSEWHERE);
      await server.request("/v1/deployment", from(HERE));
      expectProblem(await server.request("/v1/deployment", from(HERE)), 429, "rate_limited");
      expect((await report(HERE)).status).to.equal(201);
    });

    it("are not used up by keys that are not it", async () => {
      const server = await serveLimited({ providerPoints: 1, addressPoints: 2 });
      const { key, report } = await knownProvider(server);
      await report(ELSEWHERE);
      for (const wrong of [`${key}x`, createProviderKey(), key.slice(0, -1)]) {
        const answer = server.request("/v1/usage", from(HERE, { key: wrong, body: {} }));
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        expect((await answer).status).to.be.oneOf([401, 403, 429]);
      }
      expect((await report(HERE)).status).to.equal(201);
    });
  });

  it("of sensitive requests are shared by two servers", async () => {
    const [one, other] = [
      await serveLimited({ sensitiveRequests: 2 }),
      await serveLimited({ sensitiveRequests: 2 }),
    ];
    expectProblem(await register(one, HERE), 400, "invalid_request");
    expectProblem(await register(other, HERE), 400, "invalid_request");
    const over = await register(one, HERE);
    expectProblem(over, 429, "rate_limited");
    expect(over.document["policy"]).to.equal("sensitive");
    expect(Number(over.headers.get("retry-after"))).to.be.within(1, 60);
    expectProblem(await register(other, HERE), 429, "rate_limited");
    expectProblem(await register(other, ELSEWHERE), 400, "invalid_request");
  });
});
