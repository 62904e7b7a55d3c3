import { expect } from "chai";

import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { logAccessTypedData } from "@compute-credits/protocol/messages/logAccess";
import { parseCredits } from "@compute-credits/protocol/amounts";
import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";
import { type TestWallet, wallets } from "../../scripts/local/wallets.ts";
import { expectProblem } from "../fixtures/http.ts";
import { type MeteredStack, addressOf, startMeteredStack } from "../fixtures/meteredStack.ts";

const { alice, bob, provider, signer } = wallets;
const account = addressOf(alice);
const source = addressOf(provider);

const OF_ACCOUNT = ["debits", "usage", "runway", "budgets"].map(
  (name) => `/v1/accounts/${account}/${name}`,
);
const OF_PROVIDER = [
  `/v1/providers/${source}/debits`,
  `/v1/providers/${source}/earnings`,
  `/v1/debits/${source}/unknown/explain`,
  `/v1/debits/${source}/explain?eventId=unknown`,
];
const OF_SPENDER = ["acceptances", "offers"].map(
  (name) => `/v1/spenders/${walletSpender(account)}/${name}`,
);
const HEAVY = [...OF_ACCOUNT, ...OF_PROVIDER, ...OF_SPENDER, "/v1/report"];

const OPEN = [
  "/v1/deployment",
  "/v1/rate-cards",
  "/v1/checkpoints",
  `/v1/accounts/${account}`,
  `/v1/accounts/${account}/allowances`,
];

describe("reads of the log over HTTP", () => {
  let stack: MeteredStack;
  let providerKey: string;
  const spenderKey = createApiKey();

  before(async () => {
    stack = await startMeteredStack("PostgreSQL");
    providerKey = await stack.registerProvider(provider);
    await stack.buyAndWait(alice, parseCredits("1"));
    const spender = apiKeySpender(spenderKey);
    const signed = await stack.sign(alice, { spender });
    // Posting it with the key accepts it.
    const posted = await stack.request("/v1/allowances", { body: signed, key: spenderKey });
    expect(posted.status).to.equal(201);
  });
  after(() => stack.stop());

  /** The header that a wallet signs now. */
  async function signedBy(wallet: TestWallet): Promise<Record<string, string>> {
    const reader = addressOf(wallet);
    const issuedAt = BigInt(Math.floor(Date.now() / 1000));
    const signature = await wallet.account.signTypedData(
      logAccessTypedData(stack.deployment, { reader, issuedAt }),
    );
    return { authorization: `LogAccess ${reader} ${issuedAt} ${signature}` };
  }

  /** Reads the answers' statuses; an event that does not exist is found missing by its readers. */
  async function statuses(
    paths: readonly string[],
    as: { key?: string; headers?: Record<string, string> },
  ): Promise<Set<number>> {
    const answers = await Promise.all(paths.map((path) => stack.request(path, as)));
    return new Set(answers.map(({ status }) => (status === 404 ? 200 : status)));
  }

  for (const path of HEAVY) {
    it(`refuse strangers: ${path.replace(/0x\w+/, ":address")}`, async () => {
      expectProblem(await stack.request(path), 401, "missing_credentials");
      const csv = { accept: "text/csv" };
      expectProblem(await stack.request(path, { headers: csv }), 401, "missing_credentials");
      expectProblem(await stack.request(path, { key: createApiKey() }), 401, "unknown_key");
      const headers = { authorization: "Basic YTpi" };
      expectProblem(await stack.request(path, { headers }), 401, "missing_credentials");
      expectProblem(
        await stack.request(path, { headers: await signedBy(bob) }),
        403,
        "not_an_auditor",
      );
    });
  }

  it("refuse the key of a spender that accepted no allowance of a paying account", async () => {
    const [keyOfEmpty, keyOfOffer] = [createApiKey(), createApiKey()];
    const empty = await stack.sign(bob, { spender: apiKeySpender(keyOfEmpty) });
    await stack.request("/v1/allowances", { body: empty, key: keyOfEmpty });
    const offered = await stack.sign(alice, { spender: apiKeySpender(keyOfOffer) });
    expect((await stack.request("/v1/allowances", { body: offered })).status).to.equal(201);
    for (const key of [keyOfEmpty, keyOfOffer]) {
      // oxlint-disable-next-line no-await-in-loop -- two keys
      const answer = await stack.request(`/v1/accounts/${account}/usage`, { key });
      expectProblem(answer, 401, "unknown_key");
    }
  });

  it("answer providers and spenders by their keys", async () => {
    expect(await statuses(HEAVY, { key: providerKey })).to.deep.equal(new Set([200]));
    expect(await statuses(HEAVY, { key: spenderKey })).to.deep.equal(new Set([200]));
  });

  it("answer a key with its own acceptances and offers, before any account pays for it", async () => {
    const key = createApiKey();
    const own = OF_SPENDER.map((path) => path.replace(walletSpender(account), apiKeySpender(key)));
    expect(await statuses(own, { key })).to.deep.equal(new Set([200]));
    expect(await statuses(own, { key: createApiKey() })).to.deep.equal(new Set([401]));
  });

  it("answer the owner of what is read, and signers, by their signatures", async () => {
    expect(await statuses(OF_ACCOUNT, { headers: await signedBy(alice) })).to.deep.equal(
      new Set([200]),
    );
    expect(await statuses(OF_SPENDER, { headers: await signedBy(alice) })).to.deep.equal(
      new Set([200]),
    );
    expect(await statuses(OF_PROVIDER, { headers: await signedBy(provider) })).to.deep.equal(
      new Set([200]),
    );
    expect(await statuses(HEAVY, { headers: await signedBy(signer) })).to.deep.equal(
      new Set([200]),
    );
  });

  it("are all that is closed", async () => {
    expect(await statuses(OPEN, {})).to.deep.equal(new Set([200]));
  });
});
