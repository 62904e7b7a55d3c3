import { expect } from "chai";
import { type Hex, zeroHash } from "viem";

import { createViewKey } from "@compute-credits/client/wallet/apiKey";
import { signIssuingKeyRevocation } from "@compute-credits/client/wallet/issuing";
import { signViewKey, signViewKeyRevocation } from "@compute-credits/client/wallet/viewKey";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { viewKeyTypedData } from "@compute-credits/protocol/messages/viewKey";
import { eventually } from "../../../../scripts/local/eventually.ts";
import { type TestWallet, wallets } from "../../../../scripts/local/wallets.ts";
import { VIEW_KEYS } from "../../../../server/stores/keys/viewKeyStore.ts";
import { deployWallet } from "../../../fixtures/contractWallet.ts";
import { expectProblem, send } from "../../../fixtures/http.ts";
import { hexOf, listOf } from "../../../fixtures/httpApi.ts";
import { type MeteredStack, addressOf, cloudEvent } from "../../../fixtures/meteredStack.ts";
import { openSession } from "../../../fixtures/openSession.ts";
import { type TwoServers, startTwoServers } from "../../../fixtures/secondServer.ts";

const { alice, bob, provider } = wallets;

const secondsAhead = (seconds: number) => BigInt(Math.floor(Date.now() / 1_000) + seconds);

const inAnHour = () => secondsAhead(3_600);

/** Reports usage of nobody with a key, at one of the servers: 401 if the key is not known. */
async function reportAt(url: string, key: string): Promise<number> {
  const { status } = await send(`${url}/v1/usage`, { body: cloudEvent(zeroHash), key });
  return status;
}

describe("keys of a wallet", () => {
  let stack: MeteredStack;
  let second: TwoServers;

  before(async () => {
    second = await startTwoServers();
    ({ stack } = second);
  });
  after(() => second.stop());

  /** Opens a session without a sign-in, which other tests try. */
  async function sessionOf(wallet: TestWallet): Promise<string> {
    return await openSession(stack.context.callers.sessions, addressOf(wallet));
  }

  async function keysOf(
    wallet: TestWallet,
  ): Promise<ReadonlyMap<unknown, Record<string, unknown>>> {
    const { status, document } = await stack.request("/v1/keys", { key: await sessionOf(wallet) });
    expect(status).to.equal(200);
    return new Map(listOf(document["keys"]).map((key) => [key["keyHash"], key]));
  }

  async function post(wallet: TestWallet, path: string, body: unknown = {}) {
    return await stack.request(path, { body, key: await sessionOf(wallet) });
  }

  const meOf = async (key: string) => await stack.request("/v1/me", { key });
  const meAtSecond = async (key: string) => await send(`${second.url}/v1/me`, { key });

  /** The body of a view key's registration, signed by its owner. */
  async function signed(wallet: TestWallet, key: string, expiresAt = inAnHour()) {
    return await signViewKey(stack.as(wallet).wallet, stack.deployment, { key, expiresAt });
  }

  it("are listed with their labels and last uses, and never with their texts", async () => {
    const providerKey = await stack.registerProvider(alice);
    const issuingKey = await stack.registerIssuingKey(alice);
    const viewKey = createViewKey();
    const view = {
      account: addressOf(alice),
      keyHash: apiKeySpender(viewKey),
      expiresAt: secondsAhead(3_600),
      label: "accountant",
    };
    expect((await post(alice, "/v1/view-keys", view)).status).to.equal(201);
    const labelled = await post(alice, `/v1/keys/${apiKeySpender(providerKey)}/label`, {
      label: "node 3",
    });
    expect(labelled.status).to.equal(200);

    const before = await keysOf(alice);
    const open = { isOpen: true, usedAt: null, revokedAt: null };
    expect(before.get(apiKeySpender(providerKey))).to.deep.include({
      ...open,
      kind: "provider",
      label: "node 3",
    });
    expect(before.get(apiKeySpender(issuingKey))).to.deep.include({
      ...open,
      kind: "issuing",
      label: "",
      campaign: null,
    });
    expect(before.get(view.keyHash)).to.deep.include({
      ...open,
      kind: "view",
      label: "accountant",
      expiresAt: new Date(Number(view.expiresAt) * 1_000).toISOString(),
    });
    const texts = JSON.stringify([...before.values()]);
    for (const key of [providerKey, issuingKey, viewKey]) expect(texts).not.to.include(key);

    for (const key of [providerKey, issuingKey, viewKey]) {
      // oxlint-disable-next-line no-await-in-loop -- three keys
      expect((await meOf(key)).status).to.equal(200);
    }
    await stack.context.callers.keyUses.flush();
    for (const { usedAt } of (await keysOf(alice)).values()) {
      expect(Date.now() - new Date(String(usedAt)).getTime()).to.be.within(0, 60_000);
    }
    // Nobody else sees them.
    expect((await keysOf(bob)).has(view.keyHash)).to.equal(false);
  });

  it("are labelled, replaced and ended by their own wallet's session only", async () => {
    const keyHash = apiKeySpender(await stack.registerProvider(alice));
    for (const [path, body] of [
      [`/v1/keys/${keyHash}/label`, { label: "mine" }],
      [`/v1/keys/${keyHash}/replacement`, { by: keyHash }],
      [`/v1/keys/${keyHash}/revocation`, {}],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop -- three routes
      expectProblem(await post(bob, path, body), 404, "key_not_found");
      // oxlint-disable-next-line no-await-in-loop -- three routes
      expectProblem(await stack.request(path, { body }), 401, "missing_credentials");
    }
    expect((await keysOf(alice)).get(keyHash)).to.deep.include({ label: "", isOpen: true });
    const long = { label: "x".repeat(65) };
    expectProblem(await post(alice, `/v1/keys/${keyHash}/label`, long), 400, "invalid_request");
    const junk = { label: "a\u0000b" };
    expectProblem(await post(alice, `/v1/keys/${keyHash}/label`, junk), 400, "invalid_request");
  });

  describe("of a provider", () => {
    it("end at once on every server, also where they are remembered", async () => {
      const key = await stack.registerProvider(provider);
      for (const url of [stack.server.url, second.url]) {
        // oxlint-disable-next-line no-await-in-loop -- two servers
        expect(await reportAt(url, key)).not.to.equal(401);
      }
      const { status } = await post(provider, `/v1/keys/${apiKeySpender(key)}/revocation`);
      expect(status).to.equal(200);
      expect(await reportAt(second.url, key)).to.equal(401);
      expect(await reportAt(stack.server.url, key)).to.equal(401);
    });

    it("end exactly when their overlap with a new key does", async () => {
      const [old, next] = [
        await stack.registerProvider(provider),
        await stack.registerProvider(provider),
      ];
      await reportAt(second.url, old);
      const by = apiKeySpender(next);
      const path = `/v1/keys/${apiKeySpender(old)}/replacement`;
      const { status, document } = await post(provider, path, { by, overlapSeconds: 2 });
      expect(status).to.equal(200);
      const endsAt = new Date(String(document["endsAt"])).getTime();
      const counts = { taken: 0 };
      // Both servers remember the key.
      for (const url of [stack.server.url, second.url]) {
        // oxlint-disable-next-line no-await-in-loop -- one server after the other
        await eventually("the end", async () => {
          const sentAt = Date.now();
          const answered = await reportAt(url, old);
          if (answered === 401) {
            expect(Date.now()).to.be.at.least(endsAt);
            return true;
          }
          counts.taken++;
          expect(sentAt).to.be.at.most(endsAt);
          return false;
        });
      }
      expect(counts.taken).to.be.greaterThan(0);
      expect(await reportAt(second.url, next)).not.to.equal(401);
      // A later end does not bring it back.
      const later = await post(provider, path, { by, overlapSeconds: 3_600 });
      expect(later.document["endsAt"]).to.equal(document["endsAt"]);
      expect(await reportAt(second.url, old)).to.equal(401);
    });

    it("are not replaced by a key of another kind, of nobody, or one that ended", async () => {
      const old = apiKeySpender(await stack.registerProvider(provider));
      const path = `/v1/keys/${old}/replacement`;
      const issuing = apiKeySpender(await stack.registerIssuingKey(provider));
      expectProblem(await post(provider, path, { by: issuing }), 403, "wrong_key_kind");
      expectProblem(await post(provider, path, { by: old }), 403, "wrong_key_kind");
      const others = apiKeySpender(await stack.registerProvider(bob));
      expectProblem(await post(provider, path, { by: others }), 404, "key_not_found");
      const ended = apiKeySpender(await stack.registerProvider(provider));
      await post(provider, `/v1/keys/${ended}/revocation`);
      expectProblem(await post(provider, path, { by: ended }), 409, "key_revoked");
      expect((await keysOf(provider)).get(old)).to.deep.include({ revokedAt: null });
    });
  });

  it("that issue end by a session, and what they issued by a signature", async () => {
    const key = await stack.registerIssuingKey(alice);
    expect((await post(alice, `/v1/keys/${apiKeySpender(key)}/revocation`)).status).to.equal(200);
    expectProblem(await meAtSecond(key), 401, "key_revoked");
    const issue = await stack.request(`/v1/allowances/${zeroHash}/grants`, {
      body: { grants: [] },
      key,
    });
    expectProblem(issue, 401, "key_revoked");
    const options = { keyHash: apiKeySpender(key), revokesGrants: true };
    const { wallet } = stack.as(alice);
    const body = await signIssuingKeyRevocation(wallet, stack.deployment, options);
    const answer = await stack.request(`/v1/issuing-keys/${options.keyHash}/revocation`, { body });
    expect(answer.status).to.equal(200);
  });

  describe("that view an account", () => {
    it("are registered and revoked by the owner's signature, for good", async () => {
      const key = createViewKey();
      const body = await signed(alice, key);
      expect((await stack.request("/v1/view-keys", { body })).status).to.equal(201);
      expect((await stack.request("/v1/view-keys", { body })).status).to.equal(201);
      expect((await meAtSecond(key)).document).to.deep.include({
        kind: "viewKey",
        account: addressOf(alice),
      });
      const { wallet } = stack.as(alice);
      const end = await signViewKeyRevocation(wallet, stack.deployment, apiKeySpender(key));
      const path = `/v1/view-keys/${apiKeySpender(key)}/revocation`;
      const forged = { ...end, account: addressOf(bob) };
      expectProblem(await stack.request(path, { body: forged }), 403, "invalid_signature");
      expect((await stack.request(path, { body: end })).status).to.equal(200);
      expectProblem(await meAtSecond(key), 401, "key_revoked");
      expectProblem(await stack.request("/v1/view-keys", { body }), 409, "key_revoked");
    });

    it("are registered by a contract wallet (ERC-1271)", async () => {
      const account = await deployWallet(stack.rpcUrl, bob);
      const key = createViewKey();
      const message = { account, keyHash: apiKeySpender(key), expiresAt: inAnHour() };
      const typedData = viewKeyTypedData(stack.deployment, message);
      const byKey = await bob.account.signTypedData(typedData);
      const withByte: Hex = `${byKey}00`;
      const body = { ...message, signature: withByte };
      expect((await stack.request("/v1/view-keys", { body })).status).to.equal(201);
      expect((await meOf(key)).document["account"]).to.equal(account);
    });

    it("are refused for another's account, hash or signature, and beyond a year", async () => {
      const key = createViewKey();
      const body = await signed(alice, key);
      const path = "/v1/view-keys";
      const { signature: _, ...unsigned } = body;
      expectProblem(await post(bob, path, unsigned), 403, "not_permitted");
      expectProblem(await stack.request(path, { body: unsigned }), 401, "missing_credentials");
      const forged = { ...body, account: addressOf(bob) };
      expectProblem(await stack.request(path, { body: forged }), 403, "invalid_signature");
      for (const seconds of [-1, VIEW_KEYS.longestSeconds + 60]) {
        // oxlint-disable-next-line no-await-in-loop -- two times
        const answer = await stack.request(path, {
          // oxlint-disable-next-line no-await-in-loop -- two times
          body: await signed(alice, key, secondsAhead(seconds)),
        });
        expectProblem(answer, 422, "expiry_out_of_range");
      }
      expect((await post(alice, path, unsigned)).status).to.equal(201);
      const taken = { ...unsigned, account: addressOf(bob) };
      expectProblem(await post(bob, path, taken), 409, "key_taken");
      // With its owner's session, a view key makes no other.
      const another = { ...unsigned, keyHash: apiKeySpender(createViewKey()) };
      expectProblem(await stack.request(path, { body: another, key }), 403, "session_needed");
    });

    it("change nothing", async () => {
      const key = createViewKey();
      await stack.request("/v1/view-keys", { body: await signed(alice, key) });
      expect(await reportAt(stack.server.url, key)).to.equal(403);
      const writes: readonly [string, object][] = [
        ["/v1/usage", cloudEvent(zeroHash)],
        ["/v1/voids", { id: "1" }],
        ["/v1/acceptances", { account: addressOf(alice) }],
        [`/v1/allowances/${zeroHash}/grants`, { grants: [] }],
      ];
      for (const [path, body] of writes) {
        // oxlint-disable-next-line no-await-in-loop -- a few routes
        expectProblem(await stack.request(path, { body, key }), 403, "wrong_key_kind");
      }
      for (const path of ["/v1/sessions/revocation", `/v1/keys/${apiKeySpender(key)}/revocation`]) {
        // oxlint-disable-next-line no-await-in-loop -- two routes
        expectProblem(await stack.request(path, { body: {}, key }), 403, "session_needed");
      }
      expectProblem(await stack.request("/v1/keys", { key }), 403, "session_needed");
    });

    it("are as many as an account may have open", async () => {
      const { viewKeys } = stack.context.callers;
      const account = addressOf(bob);
      const expiresAt = new Date(Date.now() + 3_600_000);
      const add = async () =>
        await viewKeys.add({ account, keyHash: apiKeySpender(createViewKey()), expiresAt });
      const known = [...(await keysOf(bob)).values()].filter(({ kind }) => kind === "view").length;
      for (let count = known; count < VIEW_KEYS.openPerAccount; count++) {
        // oxlint-disable-next-line no-await-in-loop -- counted
        expect((await add()).result).to.equal("added");
      }
      const answer = await stack.request("/v1/view-keys", {
        body: await signed(bob, createViewKey()),
      });
      expectProblem(answer, 429, "too_many_keys");
      const [first] = (await keysOf(bob)).values();
      await post(bob, `/v1/keys/${hexOf(first?.["keyHash"])}/revocation`);
      expect((await add()).result).to.equal("added");
    });
  });
});
