import { expect } from "chai";

import {
  createApiKey,
  createIssuingKey,
  createProviderKey,
  createViewKey,
} from "@compute-credits/client/wallet/apiKey";
import { signCampaignAccess } from "@compute-credits/client/wallet/issuing";
import { ANY_CAMPAIGN } from "@compute-credits/protocol/messages/issuingKey";
import { logAccessTypedData } from "@compute-credits/protocol/messages/logAccess";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { type TestWallet, wallets } from "../../../scripts/local/wallets.ts";
import { expectProblem } from "../../fixtures/http.ts";
import { hexOf } from "../../fixtures/httpApi.ts";
import { type MeteredStack, addressOf, startMeteredStack } from "../../fixtures/meteredStack.ts";
import { openSession } from "../../fixtures/openSession.ts";

const { alice, bob, provider, operator } = wallets;

const DAY_MS = 86_400_000;
const inADay = () => new Date(Date.now() + DAY_MS);

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describe("who sends a request", () => {
  let stack: MeteredStack;

  before(async () => {
    stack = await startMeteredStack("PostgreSQL", {
      environment: { OPERATORS: addressOf(operator) },
    });
  });
  after(() => stack.stop());

  const me = (headers: Record<string, string> = {}) => stack.request("/v1/me", { headers });

  /** Opens a session without a sign-in, which other tests try. */
  async function sessionOf(wallet: TestWallet, expiresAt = inADay()): Promise<string> {
    return await openSession(stack.context.callers.sessions, addressOf(wallet), expiresAt);
  }

  async function viewKeyOf(wallet: TestWallet, expiresAt = inADay()): Promise<string> {
    const key = createViewKey();
    const registered = { account: addressOf(wallet), keyHash: apiKeySpender(key), expiresAt };
    await stack.context.callers.viewKeys.add(registered);
    return key;
  }

  it("is anyone without credentials", async () => {
    const { status, document, headers } = await me();
    expect(status).to.equal(200);
    expect(document).to.deep.equal({ kind: "anyone", roles: [], rights: ["read_public"] });
    expect(headers.get("cache-control")).to.equal("no-store");
  });

  it("is a session, by its token or its cookie, with the role of its address", async () => {
    const token = await sessionOf(operator);
    const byToken = await me(bearer(token));
    expect(byToken.document).to.deep.include({ kind: "session", address: addressOf(operator) });
    expect(byToken.document["roles"]).to.deep.equal(["operator"]);
    expect(byToken.document["rights"]).to.include("read_all").and.to.include("manage_keys");
    expect((await me({ cookie: `other=1; ccs=${token}` })).document).to.deep.equal(
      byToken.document,
    );
    const ofAlice = await me(bearer(await sessionOf(alice)));
    expect(ofAlice.document["roles"]).to.deep.equal([]);
    expect(ofAlice.document["rights"]).not.to.include("read_all");
  });

  it("is a spender, a provider, an issuer or a viewer by its key", async () => {
    const spenderKey = createApiKey();
    expect((await me(bearer(spenderKey))).document).to.deep.include({
      kind: "spenderKey",
      spender: apiKeySpender(spenderKey),
    });

    await stack.context.approvals.decide({
      provider: addressOf(provider),
      approved: true,
      issuedAt: 1n,
      operator: addressOf(operator),
      signature: "0x00",
    });
    const providerKey = await stack.registerProvider(provider);
    expect((await me(bearer(providerKey))).document).to.deep.include({
      kind: "providerKey",
      provider: addressOf(provider),
      roles: ["provider"],
    });
    // Keys of providers looked like API keys once.
    const oldKey = createApiKey();
    const keyHash = apiKeySpender(oldKey);
    await stack.context.providers.addKey({ provider: addressOf(bob), keyHash });
    expect((await me(bearer(oldKey))).document).to.deep.include({
      kind: "providerKey",
      provider: addressOf(bob),
      rights: ["read_public", "read_provider"],
    });

    const issuingKey = await stack.registerIssuingKey(alice);
    expect((await me(bearer(issuingKey))).document).to.deep.include({
      kind: "issuingKey",
      account: addressOf(alice),
      campaign: ANY_CAMPAIGN,
      rights: ["read_public", "issue_grants"],
    });

    const viewKey = await viewKeyOf(alice);
    expect((await me(bearer(viewKey))).document).to.deep.include({
      kind: "viewKey",
      account: addressOf(alice),
      rights: ["read_public", "read_account"],
    });
  });

  it("is a wallet that signed the header", async () => {
    const issuedAt = BigInt(Math.floor(Date.now() / 1000));
    const reader = addressOf(operator);
    const typedData = logAccessTypedData(stack.deployment, { reader, issuedAt });
    const signature = await operator.account.signTypedData(typedData);
    const signed = await me({ authorization: `LogAccess ${reader} ${issuedAt} ${signature}` });
    expect(signed.document).to.deep.include({ kind: "wallet", address: reader });
    expect(signed.document["roles"]).to.deep.equal(["operator"]);
    const stolen = `LogAccess ${addressOf(alice)} ${issuedAt} ${signature}`;
    expectProblem(await me({ authorization: stolen }), 401, "invalid_signature");

    const { wallet } = stack.as(alice);
    const header = await signCampaignAccess(wallet, stack.deployment, issuedAt);
    const issuer = await me({ authorization: header });
    expect(issuer.document).to.deep.include({ kind: "wallet", address: addressOf(alice) });
    expect(issuer.document["rights"]).to.deep.equal(["read_public", "issue_grants"]);
    const old = await signCampaignAccess(wallet, stack.deployment, issuedAt - 1_000n);
    expectProblem(await me({ authorization: old }), 401, "credentials_expired");
  });

  it("does not depend on the case of the scheme", async () => {
    const token = await sessionOf(alice);
    for (const scheme of ["bearer", "BEARER", "bEARER "]) {
      // oxlint-disable-next-line no-await-in-loop -- three schemes
      const { document } = await me({ authorization: `${scheme} ${token}` });
      expect(document["kind"], scheme).to.equal("session");
    }
  });

  it("is told that credentials are malformed, unknown, expired or revoked", async () => {
    for (const authorization of ["Basic YTpi", "Bearer", "Bearer a b", "LogAccess 0x 1 2", "x"]) {
      // oxlint-disable-next-line no-await-in-loop -- a few headers
      expectProblem(await me({ authorization }), 401, "missing_credentials");
    }
    expectProblem(await me(bearer(createProviderKey())), 401, "unknown_key");
    expectProblem(await me(bearer(createIssuingKey())), 401, "unknown_key");
    expectProblem(await me(bearer(createViewKey())), 401, "unknown_key");
    expectProblem(await me(bearer("ccs_0123456789abcdef")), 401, "unknown_session");
    expectProblem(await me({ cookie: "ccs=ccs_0123456789abcdef" }), 401, "unknown_session");
    const past = new Date(Date.now() - 1);
    expectProblem(await me(bearer(await sessionOf(alice, past))), 401, "unknown_session");
    expectProblem(await me(bearer(await viewKeyOf(alice, past))), 401, "credentials_expired");
  });

  it("is refused at once after a revocation", async () => {
    const { sessions, viewKeys } = stack.context.callers;
    const token = await sessionOf(alice);
    const { document } = await me(bearer(token));
    const id = hexOf(document["sessionId"]);
    expect(await sessions.revoke({ address: addressOf(bob), id })).to.equal(false);
    expect((await me(bearer(token))).status).to.equal(200);
    expect(await sessions.revoke({ address: addressOf(alice), id })).to.equal(true);
    expectProblem(await me(bearer(token)), 401, "unknown_session");

    const key = await viewKeyOf(alice);
    const keyHash = apiKeySpender(key);
    expect(await viewKeys.end({ account: addressOf(bob), keyHash, inSeconds: 0 })).to.equal(null);
    expect((await me(bearer(key))).status).to.equal(200);
    await viewKeys.end({ account: addressOf(alice), keyHash, inSeconds: 0 });
    expectProblem(await me(bearer(key)), 401, "key_revoked");
  });
});
