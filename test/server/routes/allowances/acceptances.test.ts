import { expect } from "chai";
import { hashTypedData } from "viem";

import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { createMeteringClient } from "@compute-credits/client/http/meteringClient";
import { createPromotionCode } from "@compute-credits/client/wallet/promotionCode";
import { signAcceptance } from "@compute-credits/client/wallet/signedAcceptance";
import { acceptanceTypedData } from "@compute-credits/protocol/messages/acceptance";
import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";
import { wallets } from "../../../../scripts/local/wallets.ts";
import { expectProblem } from "../../../fixtures/http.ts";
import { type HttpApi, openHttpApi } from "../../../fixtures/httpApi.ts";
import { addressOf, cloudEvent } from "../../../fixtures/meteredStack.ts";

const { alice, bob, provider } = wallets;

describe(`POST /v1/acceptances on PostgreSQL`, () => {
  let api: HttpApi;

  before(async () => {
    api = await openHttpApi("PostgreSQL");
  });
  after(() => api.stop());

  const use = async (spender: `0x${string}`) => {
    const { status, document } = await api.report(cloudEvent(spender));
    return status === 201 ? "debited" : document["reason"];
  };

  it("lets a key accept, end and accept again; others' keys do nothing", async () => {
    const apiKey = createApiKey();
    const spender = apiKeySpender(apiKey);
    const metering = createMeteringClient(api.stack.server.url);
    const account = addressOf(alice);
    await metering.addAllowance(await api.stack.sign(alice, { spender }));
    await api.stack.context.providers.grantAccess({ spender, provider: addressOf(provider) });
    expect(await use(spender)).to.equal("account_not_accepted");
    expect((await metering.offers(apiKey)).map((offer) => offer.account)).to.deep.equal([account]);
    const path = "/v1/acceptances";
    const body = { account };
    expectProblem(await api.stack.request(path, { body }), 401, "missing_credentials");
    const byOther = await api.stack.request(path, { body, key: createApiKey() });
    expectProblem(byOther, 404, "allowance_not_found");
    expect(await use(spender)).to.equal("account_not_accepted");

    const first = await api.stack.request(path, { body, key: apiKey });
    const again = await api.stack.request(path, { body, key: apiKey });
    expect([first.status, again.status]).to.deep.equal([201, 200]);
    expect(first.document).to.include({ spender, account, accepted: true });
    expect(await use(spender)).to.equal("debited");
    await metering.endAcceptance({ apiKey, account });
    expect(await use(spender)).to.equal("account_not_accepted");
    await metering.accept({ apiKey, account });
    expect(await use(spender)).to.equal("debited");
  });

  it("takes an allowance posted with the spender's key, and refuses another key", async () => {
    const apiKey = createApiKey();
    const signed = await api.stack.sign(alice, { spender: apiKeySpender(apiKey) });
    const post = (key: string) => api.stack.request("/v1/allowances", { body: signed, key });
    expectProblem(await post(createApiKey()), 403, "not_the_spender");
    expect((await post(apiKey)).document).to.include({ accepted: true });
  });

  it("takes a wallet's message once, in the order in which it was signed", async () => {
    const spender = walletSpender(addressOf(bob));
    const account = addressOf(alice);
    await api.stack.request("/v1/allowances", { body: await api.stack.sign(alice, { spender }) });
    await api.stack.context.providers.grantAccess({ spender, provider: addressOf(provider) });
    const { wallet } = api.stack.as(bob);
    const now = BigInt(Date.now());
    const word = (accepted: boolean, signedAt: bigint) =>
      signAcceptance(wallet, api.stack.deployment, { account, accepted, signedAt });
    const send = async (path: string, body: unknown) => await api.stack.request(path, { body });

    const first = await word(true, now);
    const forged = { ...first, signedAt: now + 1n };
    expectProblem(await send("/v1/acceptances", forged), 403, "invalid_signature");
    // The signature of an acceptance ends nothing.
    expectProblem(await send("/v1/acceptances/end", first), 403, "invalid_signature");
    expect((await send("/v1/acceptances", first)).status).to.equal(201);
    expect(await use(spender)).to.equal("debited");
    expect((await send("/v1/acceptances/end", await word(false, now + 1n))).status).to.equal(200);
    expectProblem(await send("/v1/acceptances", first), 409, "acceptance_outdated");
    expect(await use(spender)).to.equal("account_not_accepted");
    const ahead = await word(true, now + 86_400_000n);
    expectProblem(await send("/v1/acceptances", ahead), 422, "acceptance_outdated");
  });

  it("needs nothing for the account's own wallet", async () => {
    const spender = walletSpender(addressOf(alice));
    const body = await api.stack.sign(alice, { spender });
    const { document } = await api.stack.request("/v1/allowances", { body });
    expect(document).to.include({ accepted: true });
  });

  it("refuses a redemption without the spender's key or signature", async () => {
    const signed = await api.stack.sign(alice);
    const { document } = await api.stack.request("/v1/allowances", { body: signed });
    const path = `/v1/allowances/${String(document["id"])}/redemptions`;
    const body = { code: createPromotionCode(), spender: apiKeySpender(createApiKey()) };
    expectProblem(await api.stack.request(path, { body }), 401, "missing_credentials");
    const byOther = await api.stack.request(path, { body, key: createApiKey() });
    expectProblem(byOther, 403, "not_the_spender");
  });

  it("has a message that binds every field", () => {
    const message = {
      spender: walletSpender(addressOf(bob)),
      account: addressOf(alice),
      accepted: true,
      signedAt: 1n,
    };
    const digest = (change: object) =>
      hashTypedData(acceptanceTypedData(api.stack.deployment, { ...message, ...change }));
    const digests = [
      {},
      { spender: walletSpender(addressOf(alice)) },
      { account: addressOf(bob) },
      { accepted: false },
      { signedAt: 2n },
    ].map(digest);
    expect(new Set(digests).size).to.equal(digests.length);
  });
});
