import { expect } from "chai";

import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { wallets } from "../../scripts/local/wallets.ts";
import { expectProblem } from "../fixtures/http.ts";
import { listOf } from "../fixtures/httpApi.ts";
import { addressOf } from "../fixtures/meteredStack.ts";
import { type Headers, type PrivateThings, openPrivateThings } from "../fixtures/privateThings.ts";

const { alice, bob, provider } = wallets;

describe("the record of administrative acts", () => {
  let things: PrivateThings;
  let owner: Headers;
  let operator: Headers;
  let theProvider: Headers;

  before(async () => {
    things = await openPrivateThings();
    [owner = {}] = things.parties.owner;
    [operator = {}] = things.parties.operator;
    [theProvider = {}] = things.parties.theProvider;
  });
  after(() => things?.stop());

  const list = (query: string, headers: Headers) =>
    things.stack.request(`/v1/acts${query}`, { headers });

  /** Alice's acts, newest first. */
  async function acts() {
    return listOf((await list(`?account=${things.account}`, owner)).document["acts"]);
  }

  it("has what was done for an account: by whom, what, when and from where", async () => {
    const all = await acts();
    expect(all.map(({ act }) => act)).to.include.members([
      "addAllowance",
      "registerIssuingKey",
      "issueGrants",
      "addCodes",
    ]);
    const grants = all.find(({ act }) => act === "issueGrants");
    expect(grants).to.deep.include({
      account: things.account,
      provider: null,
      clientAddress: "127.0.0.1",
      details: { id: things.campaign, grants: 1 },
    });
    expect(grants?.["actor"]).to.have.property("kind", "issuingKey");
    const allowance = all.find(({ act }) => act === "addAllowance");
    expect(allowance?.["details"]).to.include({ counter: "0", priority: 128 });
    const [newest, next] = all;
    expect(BigInt(String(newest?.["id"])) > BigInt(String(next?.["id"]))).to.equal(true);
  });

  it("comes in pages, and can be asked for one kind of act", async () => {
    const all = await acts();
    const query = `?account=${things.account}&limit=1`;
    const first = await list(query, owner);
    const cursor = String(first.document["nextCursor"]);
    const second = await list(`${query}&cursor=${cursor}`, owner);
    const paged = [first, second].flatMap(({ document }) => listOf(document["acts"]));
    expect(paged).to.deep.equal(all.slice(0, 2));
    const codes = await list(`?account=${things.account}&act=addCodes`, owner);
    expect(listOf(codes.document["acts"]).map(({ act }) => act)).to.deep.equal(["addCodes"]);
    expectProblem(await list(`${query}&cursor=x`, owner), 400, "invalid_cursor");
  });

  it("has nothing of a request that was refused, or that changed nothing", async () => {
    const before = await acts();
    const signed = await things.stack.sign(alice);
    const changed = { ...signed.allowance, limit: signed.allowance.limit - 1n };
    const refused = { ...signed, allowance: changed };
    expect((await post("/v1/allowances", refused)).status).to.equal(403);
    expect(await acts()).to.deep.equal(before);
  });

  it("has a request once, although it was sent twice with an Idempotency-Key", async () => {
    const before = await acts();
    const signed = await things.stack.sign(alice);
    const headers = { "idempotency-key": "an act" };
    expect((await post("/v1/allowances", signed, headers)).status).to.equal(201);
    expect((await post("/v1/allowances", signed, headers)).status).to.equal(201);
    const [act, ...earlier] = await acts();
    expect(earlier).to.deep.equal(before);
    expect(act).to.deep.include({
      act: "addAllowance",
      actor: { kind: "signature", id: things.account },
    });
  });

  it("tells whose campaign a spender redeemed a code of, without the code", async () => {
    const apiKey = createApiKey();
    const { status } = await post(
      `/v1/allowances/${things.campaign}/redemptions`,
      { code: "WELCOME" },
      { authorization: `Bearer ${apiKey}` },
    );
    expect(status).to.equal(201);
    const [act] = await acts();
    expect(act).to.deep.include({
      act: "redeemCode",
      actor: { kind: "spenderKey", id: apiKeySpender(apiKey) },
      details: { id: things.campaign },
    });
  });

  it("has a key's end, by a request without a body", async () => {
    const keyHash = apiKeySpender(await things.stack.viewKeyOf(things.account));
    const path = `/v1/keys/${keyHash}/revocation`;
    const { status } = await things.stack.request(path, { method: "POST", headers: owner });
    expect(status).to.equal(200);
    const [act] = await acts();
    expect(act).to.deep.include({ act: "endKey", details: { keyHash } });
    expect(act?.["actor"]).to.deep.equal({ kind: "session", id: things.account });
  });

  it("has no signature, and no key", async () => {
    const text = JSON.stringify((await list("?limit=1000", operator)).document);
    expect(text).to.include("addAllowance");
    expect(text).to.not.match(/signature":|cc[a-z]{2}_|WELCOME/);
  });

  it("shows a provider's acts to it, and neither to the other", async () => {
    await things.stack.registerProvider(provider);
    const own = `?provider=${addressOf(provider)}`;
    const [act] = listOf((await list(own, theProvider)).document["acts"]);
    expect(act).to.deep.include({
      act: "registerProviderKey",
      actor: { kind: "signature", id: addressOf(provider) },
      provider: addressOf(provider),
      account: null,
    });
    expectProblem(await list(own, owner), 403, "not_permitted");
    expectProblem(await list(`?account=${things.account}`, theProvider), 403, "not_permitted");
    const both = `?account=${things.account}&provider=${addressOf(provider)}`;
    expectProblem(await list(both, theProvider), 403, "not_permitted");
    expect((await list(both, owner)).status).to.equal(200);
  });

  it("is shown as a whole to operators alone", async () => {
    const { document } = await list("?limit=1000", operator);
    const accounts = new Set(listOf(document["acts"]).map(({ account }) => account));
    expect(accounts).to.include(addressOf(alice)).and.to.include(addressOf(bob));
    expectProblem(await list("", owner), 403, "not_permitted");
    expectProblem(await list("", {}), 401, "missing_credentials");
  });

  async function post(path: string, body: unknown, headers: Headers = {}) {
    return await things.stack.request(path, { body, headers });
  }
});
