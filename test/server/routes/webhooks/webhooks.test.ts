import { expect } from "chai";
import type { Address } from "viem";

import { WEBHOOKS } from "@compute-credits/api/bounds";
import { openWebhooks } from "../../../../server/openWebhooks.ts";
import { postgres } from "../../../fixtures/databases.ts";
import { expectProblem } from "../../../fixtures/http.ts";
import { listOf } from "../../../fixtures/httpApi.ts";
import { type Ledger, openLedger, party } from "../../../fixtures/ledger.ts";
import { type LedgerServer, OPERATOR, serveLedger } from "../../../fixtures/ledgerServer.ts";
import { WEBHOOK_KEY } from "../../../fixtures/webhooks.ts";

const provider = party(2);
const stranger = party(3);
const NO_WEBHOOK = "00000000-0000-4000-8000-000000000000";
let accounts = 100;

describe("routes of webhooks", () => {
  let ledger: Ledger;
  let server: LedgerServer;
  let account: Address;
  let session: string;

  before(async () => {
    ledger = await openLedger(await postgres.open());
    const webhooks = openWebhooks(
      {
        database: { folder: "" },
        webhooks: {
          keys: [Buffer.from(WEBHOOK_KEY, "hex")],
          networks: [],
          most: 1_000,
          keepSeconds: 3_600,
        },
      },
      { database: ledger.database, chainId: 1 },
    );
    server = await serveLedger(ledger, {}, { webhooks });
  });
  after(async () => {
    await server?.stop();
    await ledger.database.close();
  });
  beforeEach(async () => {
    account = party(accounts++);
    await ledger.purchase(account, "1");
    session = await server.sessionOf(account);
  });

  const bodyOf = (changes: Record<string, unknown> = {}) => ({
    owner: { party: "account", address: account },
    url: "https://receiver.example/hooks",
    events: ["balance.low"],
    thresholds: { balanceBelowMicros: "5000" },
    ...changes,
  });
  const post = (path: string, body: unknown = {}, key = session, headers = {}) =>
    server.request(`/v1/webhooks${path}`, { body, key, headers });
  const get = (path: string, key = session) => server.request(`/v1/webhooks${path}`, { key });

  /** Adds a webhook and returns its id. */
  async function added(changes: Record<string, unknown> = {}): Promise<string> {
    const { status, document } = await post("", bodyOf(changes));
    expect(status, JSON.stringify(document)).to.equal(201);
    return String(new Map(Object.entries(Object(document["webhook"]))).get("id"));
  }

  it("show a secret once: to the same request again they answer the id", async () => {
    const headers = { "idempotency-key": `key of ${account}` };
    const first = await post("", bodyOf(), session, headers);
    expect(first.status).to.equal(201);
    expect(first.document["secret"]).to.match(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(first.headers.get("cache-control")).to.equal("no-store");
    const webhook = webhookOf(first.document);
    expect(webhook).to.deep.include({ party: "account", address: account, disabledAt: null });
    expect(webhook["thresholds"]).to.deep.equal({
      balanceBelowMicros: "5000",
      runwayBelowSeconds: null,
      budgetPercents: null,
      expiringWithinSeconds: null,
    });

    const again = await post("", bodyOf(), session, headers);
    expectProblem(again, 409, "answer_not_kept");
    expect(again.document["id"]).to.equal(webhook["id"]);
    const list = await get(`?party=account&address=${account}`);
    expect(listOf(list.document["webhooks"])).to.have.length(1);
    const [stored] = await ledger.database.query<{ text: string }>(
      "select webhook_endpoints::text as text from webhook_endpoints where owner = $1",
      [`\\x${account.slice(2)}`],
    );
    expect(stored?.text).to.not.include(String(first.document["secret"]));
  });

  it("make another secret, and tell until when the old one signs", async () => {
    const id = await added();
    const rotated = await post(`/${id}/rotation`, { overlapSeconds: 3_600 });
    expect(rotated.status).to.equal(201);
    expect(rotated.document["secret"]).to.match(/^whsec_/);
    const until = Date.parse(String(webhookOf(rotated.document)["oldSecretUntil"]));
    expect(until).to.be.within(Date.now() + 3_500_000, Date.now() + 3_700_000);
  });

  it("change what was chosen, and keep what is absent", async () => {
    const id = await added();
    const changed = await post(`/${id}`, { events: ["balance.low", "runway.short"] });
    expect(webhookOf(changed.document)["thresholds"]).to.deep.include({
      balanceBelowMicros: "5000",
      runwayBelowSeconds: 604_800,
    });
    const without = await post(`/${id}`, { events: ["checkpoint.final"], description: "books" });
    expect(webhookOf(without.document)).to.deep.include({ description: "books" });
    expect(webhookOf(without.document)["thresholds"]).to.deep.include({ balanceBelowMicros: null });
    const paused = await post(`/${id}`, { enabled: false });
    expect(webhookOf(paused.document)).to.deep.include({ disabledAs: "owner" });
    expectProblem(await post(`/${id}/test`), 409, "webhook_disabled");
    expectProblem(
      await post(`/${id}/replay`, { since: "2026-01-01T00:00:00Z" }),
      409,
      "webhook_disabled",
    );
    const on = await post(`/${id}`, { enabled: true });
    expect(webhookOf(on.document)).to.deep.include({ disabledAs: null, disabledAt: null });
  });

  it("list deliveries in pages, and send tests and kept events again", async () => {
    const id = await added();
    for (let n = 0; n < 3; n++) {
      // oxlint-disable-next-line no-await-in-loop -- in this order
      expect((await post(`/${id}/test`)).status).to.equal(201);
    }
    const { deliveries } = openWebhooks(
      { database: { folder: "" }, webhooks: { keys: [], networks: [], most: 1, keepSeconds: 1 } },
      { database: ledger.database, chainId: 1 },
    );
    await deliveries.fanOut(100);
    const first = await get(`/${id}/deliveries?limit=2`);
    const [newest] = listOf(first.document["deliveries"]);
    expect(newest).to.deep.include({ type: "webhook.test", state: "waiting", attempts: 0 });
    const second = await get(
      `/${id}/deliveries?limit=2&cursor=${String(first.document["nextCursor"])}`,
    );
    expect(listOf(second.document["deliveries"])).to.have.length(1);
    expect(second.document["nextCursor"]).to.equal(null);
    const eventId = newest?.["eventId"];
    expect((await post(`/${id}/replay`, { eventId })).document).to.deep.equal({
      replayed: 1,
      nextSince: null,
    });
    const all = await post(`/${id}/replay`, { since: "2026-01-01T00:00:00.000Z" });
    expect(all.document).to.deep.equal({ replayed: 3, nextSince: null });
    expectProblem(
      await post(`/${id}/replay`, { eventId: NO_WEBHOOK }),
      404,
      "webhook_event_not_found",
    );
    expectProblem(await get(`/${id}/deliveries?cursor=x`), 400, "invalid_cursor");
    // Another's cursor shows nothing of the other.
    const other = await added();
    const page = await get(`/${other}/deliveries?cursor=${String(first.document["nextCursor"])}`);
    expect(page.document).to.deep.equal({ deliveries: [], nextCursor: null });
  });

  it("take no more tests while a hundred deliveries wait", async () => {
    const id = await added();
    await ledger.database.query(
      `with events as (insert into webhook_events (kind, endpoint, body, fanned_out)
         select 'webhook.test', $1, '{}', true from generate_series(1, 100) returning id)
       insert into webhook_deliveries (event, endpoint) select id, $1 from events`,
      [id],
    );
    expectProblem(await post(`/${id}/test`), 429, "too_many_deliveries");
  });

  it("delete a webhook, once", async () => {
    const id = await added();
    expect((await post(`/${id}/deletion`)).document).to.deep.equal({ id });
    expectProblem(await post(`/${id}/deletion`), 404, "webhook_not_found");
  });

  it("are for the party itself: others, operators too, are told nothing", async () => {
    const id = await added();
    const others = [await server.sessionOf(stranger), await server.sessionOf(OPERATOR)];
    for (const key of others) {
      for (const path of ["", "/deletion", "/rotation", "/test"]) {
        // oxlint-disable-next-line no-await-in-loop -- a failure names its path
        expectProblem(await post(`/${id}${path}`, {}, key), 404, "webhook_not_found");
      }
      // oxlint-disable-next-line no-await-in-loop -- as above
      expectProblem(await get(`/${id}/deliveries`, key), 404, "webhook_not_found");
      // oxlint-disable-next-line no-await-in-loop -- as above
      expectProblem(await post("", bodyOf(), key), 403, "not_permitted");
      // oxlint-disable-next-line no-await-in-loop -- as above
      expectProblem(await get(`?party=account&address=${account}`, key), 403, "not_permitted");
    }
    for (const path of [`/${id}/deletion`, `/${NO_WEBHOOK}/deletion`, ""]) {
      // oxlint-disable-next-line no-await-in-loop -- as above
      const answer = await server.request(`/v1/webhooks${path}`, {
        body: path === "" ? bodyOf() : {},
      });
      expectProblem(answer, 401, "missing_credentials");
    }
    expectProblem(await server.request("/v1/webhooks?party=operator"), 401, "missing_credentials");
  });

  it("are for providers with their key, and for the operator with a session", async () => {
    const key = await server.keyOf(provider);
    const ofProvider = {
      owner: { party: "provider", address: provider },
      events: ["hold.expired", "settlement.claimable"],
      thresholds: {},
    };
    expect((await post("", bodyOf(ofProvider), key)).status).to.equal(201);
    const list = await get(`?party=provider&address=${provider}`, key);
    expect(listOf(list.document["webhooks"])).to.have.length(1);
    const ofOperator = { owner: { party: "operator" }, events: ["alarm.raised"], thresholds: {} };
    const operator = await server.sessionOf(OPERATOR);
    expect((await post("", bodyOf(ofOperator), operator)).status).to.equal(201);
    expectProblem(await post("", bodyOf(ofOperator)), 403, "not_permitted");
    await ledger.approvals.decide({
      provider,
      approved: false,
      issuedAt: 1n,
      operator: OPERATOR,
      signature: "0x",
    });
    expectProblem(
      await post("", bodyOf(ofProvider), await server.sessionOf(provider)),
      403,
      "provider_not_approved",
    );
  });

  for (const [what, changes, status, reason] of [
    ["the cloud's metadata", { url: "http://169.254.169.254/latest" }, 422, "webhook_url_refused"],
    ["a mapped address", { url: "https://[::ffff:127.0.0.1]/" }, 422, "webhook_url_refused"],
    ["a decimal address", { url: "https://2130706433/" }, 422, "webhook_url_refused"],
    ["plain http", { url: "http://receiver.example/" }, 422, "webhook_url_refused"],
    ["another scheme", { url: "file:///etc/passwd" }, 400, "invalid_request"],
    ["an enormous URL", { url: `https://a.example/${"x".repeat(3_000)}` }, 400, "invalid_request"],
    ["no event", { events: [] }, 400, "invalid_request"],
    ["an unknown event", { events: ["webhook.test"] }, 400, "invalid_request"],
    ["an operator's event", { events: ["alarm.raised"], thresholds: {} }, 422, "webhook_refused"],
    ["no threshold of balance.low", { thresholds: {} }, 422, "webhook_refused"],
    ["a threshold of no event", { events: ["checkpoint.final"] }, 422, "webhook_refused"],
    ["a threshold of 0", { thresholds: { balanceBelowMicros: "0" } }, 400, "invalid_request"],
    ["an unknown field", { secret: "whsec_mine" }, 400, "invalid_request"],
  ] as const) {
    it(`refuse ${what}, and add nothing`, async () => {
      expectProblem(await post("", bodyOf(changes)), status, reason);
      const list = await get(`?party=account&address=${account}`);
      expect(list.document["webhooks"]).to.deep.equal([]);
    });
  }

  it("refuse an account that never bought, and more than an owner may have", async () => {
    const poor = party(9_999);
    const answer = await post(
      "",
      bodyOf({ owner: { party: "account", address: poor } }),
      await server.sessionOf(poor),
    );
    expectProblem(answer, 409, "account_without_purchases");
    for (let n = 0; n < WEBHOOKS.perOwner; n++) {
      // oxlint-disable-next-line no-await-in-loop -- up to the bound
      await added();
    }
    expectProblem(await post("", bodyOf()), 429, "too_many_webhooks");
    expectProblem(await get("?party=account"), 422, "webhook_refused");
  });

  it("are not offered by a server without a key for the secrets", async () => {
    const without = await serveLedger(ledger);
    try {
      const answer = await without.request("/v1/webhooks", { body: bodyOf(), key: session });
      expectProblem(answer, 501, "webhooks_not_offered");
    } finally {
      await without.stop();
    }
  });
});

function webhookOf(document: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object(document["webhook"]);
}
