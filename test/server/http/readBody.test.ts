import { gzipSync } from "node:zlib";

import { expect } from "chai";

import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { wallets } from "../../../scripts/local/wallets.ts";
import { type HttpApi, openHttpApi, pointersOf } from "../../fixtures/httpApi.ts";
import { expectProblem } from "../../fixtures/http.ts";
import { cloudEvent, stackKinds } from "../../fixtures/meteredStack.ts";

const [kind] = stackKinds;

describe("bodies from strangers", () => {
  let api: HttpApi;

  before(async () => {
    if (kind === undefined) throw new Error("no kind of stack");
    api = await openHttpApi(kind);
  });
  after(() => api.stop());

  async function post(path: string, body: string | Buffer, headers: Record<string, string> = {}) {
    const response = await fetch(new URL(path, api.stack.server.url), {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: new Uint8Array(Buffer.from(body)),
    });
    return { status: response.status, text: await response.text() };
  }

  const gzip = { "content-encoding": "gzip" };

  it("are refused above 256 KiB, also if 8 kB inflate to 8 MB", async () => {
    const zeros = `{"scope":{"providers":[${"0,".repeat(4_000_000)}0]}}`;
    const bomb = gzipSync(zeros);
    expect(bomb.length).to.be.lessThan(10_000);
    for (const [body, headers] of [
      [zeros, {}],
      [bomb, gzip],
    ] as const) {
      const answer = await post("/v1/allowances", body, headers);
      expect(answer.status).to.equal(413);
      expect(answer.text).to.include("body_too_large").and.have.length.lessThan(1_000);
    }
  });

  it("are refused unread with a key that no provider has, and with one of a spender", async () => {
    const events = JSON.stringify(Array.from({ length: 2_000 }, () => cloudEvent(api.spender)));
    const headers = { authorization: `Bearer ${createApiKey()}` };
    expect((await post("/v1/usage", events, headers)).status).to.equal(401);
    expect((await post("/v1/acceptances", events, headers)).status).to.equal(413);
  });

  it("name at most 20 wrong fields of a list that is too long or wrong throughout", async () => {
    const signed = await api.stack.sign(wallets.alice, {});
    const wrong = Array.from({ length: 900 }, () => 0);
    const scope = { providers: wrong, meters: [] };
    const answer = await api.stack.request("/v1/allowances", { body: { ...signed, scope } });
    expectProblem(answer, 400, "invalid_request");
    expect(pointersOf(answer.document)).to.have.length(20);

    const longer = { providers: Array.from({ length: 1_001 }, () => 0), meters: [] };
    const { document } = await api.stack.request("/v1/allowances", {
      body: { ...signed, scope: longer },
    });
    expect(document["errors"]).to.deep.equal([
      { pointer: "#/scope/providers", detail: "must have at most 1000 items" },
    ]);
  });

  it("are read up to maxBodyBytes with a provider's key, compressed or not", async () => {
    const events = JSON.stringify(Array.from({ length: 2_000 }, () => cloudEvent(api.spender)));
    expect(events.length).to.be.greaterThan(256 * 1_024);
    const headers = { authorization: `Bearer ${api.providerKey}` };
    expect((await post("/v1/usage", events, headers)).status).to.equal(200);
    expect((await post("/v1/usage", gzipSync(events), { ...headers, ...gzip })).status).to.equal(
      200,
    );
  });

  it("are refused with a provider's key if they inflate more than 50 times", async () => {
    const headers = { authorization: `Bearer ${api.providerKey}`, ...gzip };
    const answer = await post("/v1/usage", gzipSync(`[${" ".repeat(4_000_000)}]`), headers);
    expect(answer.status).to.equal(413);
  });
});
