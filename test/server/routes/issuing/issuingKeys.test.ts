import { expect } from "chai";
import type { Hex } from "viem";

import {
  createApiKey,
  createIssuingKey,
  createProviderKey,
} from "@compute-credits/client/wallet/apiKey";
import {
  signCampaignAccess,
  signIssuingKey,
  signIssuingKeyRevocation,
} from "@compute-credits/client/wallet/issuing";
import { signRevocation } from "@compute-credits/client/wallet/signedAllowance";
import { promotionCodeHash } from "@compute-credits/protocol/messages/promotionCode";
import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";
import { type TestWallet, wallets } from "../../../../scripts/local/wallets.ts";
import { expectProblem } from "../../../fixtures/http.ts";
import { type HttpApi, hexOf, listOf, openHttpApi } from "../../../fixtures/httpApi.ts";
import { addressOf, cloudEvent, stackKinds } from "../../../fixtures/meteredStack.ts";

const { alice, bob, provider } = wallets;

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const newSpender = () => apiKeySpender(createApiKey());

const BY_KEY = { how: "key" } as const;

let grants = 0;
const grantTo = (spender: Hex, scope: unknown = null) => ({
  grants: [{ id: `grant-${grants++}`, spender, limit: "5000000", scope }],
});
const grantsOf = (count: number, scope: unknown) => ({
  grants: Array.from({ length: count }, () => grantTo(newSpender(), scope).grants[0]),
});

for (const kind of stackKinds) {
  describe(`issuing over HTTP on ${kind}`, () => {
    let api: HttpApi;
    /** the API key of alice's campaign, which a provider was shown */
    let apiKey: string;
    let campaign: Hex;

    before(async () => {
      api = await openHttpApi(kind);
    });
    after(() => api.stop());
    beforeEach(async () => {
      apiKey = createApiKey();
      const signed = await api.stack.sign(alice, { spender: apiKeySpender(apiKey) });
      campaign = hexOf((await api.postAllowance(signed)).document["id"]);
    });

    const issue = (body: unknown, headers: Record<string, string>) =>
      api.stack.request(`/v1/allowances/${campaign}/grants`, { body, headers });

    async function signedAs(owner: TestWallet, issuedAt = Math.floor(Date.now() / 1000)) {
      const { wallet } = api.stack.as(owner);
      const header = await signCampaignAccess(wallet, api.stack.deployment, BigInt(issuedAt));
      return { authorization: header };
    }

    async function register(owner: TestWallet, key: string, changes: object = {}) {
      const options = { key, counter: 0n };
      const body = await signIssuingKey(api.stack.as(owner).wallet, api.stack.deployment, options);
      return await api.stack.request("/v1/issuing-keys", { body: { ...body, ...changes } });
    }

    async function revokeKey(owner: TestWallet, key: string, revokesGrants: boolean) {
      const options = { keyHash: apiKeySpender(key), revokesGrants };
      const { wallet } = api.stack.as(owner);
      const body = await signIssuingKeyRevocation(wallet, api.stack.deployment, options);
      const path = `/v1/issuing-keys/${options.keyHash}/revocation`;
      return await api.stack.request(path, { body });
    }

    it("takes as many grants and names in scopes as fit into a request, and says to split more", async () => {
      const key = createIssuingKey();
      await register(alice, key);
      const tooMany = await issue(grantsOf(1_001, "wrong throughout"), bearer(key));
      expectProblem(tooMany, 413, "batch_too_large");
      expect(tooMany.document).to.include({ maxGrantsPerRequest: 1_000 });

      const meters = Array.from({ length: 100 }, (_, n) => `m${n}`);
      const scope = { providers: [], meters };
      const tooWide = await issue(grantsOf(21, scope), bearer(key));
      expectProblem(tooWide, 413, "batch_too_large");
      expect(tooWide.document).to.include({ maxScopeNamesPerRequest: 2_000 });
      expect((await issue(grantsOf(20, scope), bearer(key))).document).to.include({ accepted: 20 });

      // What a grant takes over from its campaign is hashed with its own names.
      const signed = await api.stack.sign(alice, {
        spender: apiKeySpender(apiKey),
        scope,
      });
      campaign = hexOf((await api.postAllowance(signed)).document["id"]);
      const narrow = { providers: [addressOf(provider)], meters: [] };
      expectProblem(await issue(grantsOf(20, narrow), bearer(key)), 413, "batch_too_large");
      expect((await issue(grantsOf(19, narrow), bearer(key))).document).to.include({
        accepted: 19,
      });
      expect((await issue(grantsOf(100, null), bearer(key))).document).to.include({
        accepted: 100,
      });
    });

    it("refuses a body above 256 KiB also with an issuing key, which anyone may have", async () => {
      const key = createIssuingKey();
      await register(alice, key);
      const answer = await issue({ grants: [], more: "x".repeat(256 * 1_024) }, bearer(key));
      expectProblem(answer, 413, "body_too_large");
    });

    it("refuses a campaign's API key, so that a provider that was shown it issues nothing", async () => {
      await api.stack.request("/v1/provider-access", { body: { apiKey }, key: api.providerKey });
      const own = newSpender();
      const scope = { providers: [addressOf(provider)], meters: [] };
      for (const key of [apiKey, api.providerKey]) {
        // oxlint-disable-next-line no-await-in-loop -- one key after the other
        const answer = await api.refuses(
          () => issue(grantTo(own, scope), bearer(key)),
          403,
          "wrong_key_kind",
        );
        expect(answer.document["needed"]).to.equal("issuing");
      }
      await api.refuses(() => api.report(cloudEvent(own)), 403, "access_not_granted");
    });

    it("issues by the owner's wallet, and shows every grant in the owner's list", async () => {
      const spender = newSpender();
      const issued = await issue(grantTo(spender), await signedAs(alice));
      expect(issued.document).to.include({ accepted: 1 });
      const [outcome] = listOf(issued.document["outcomes"]);

      const account = addressOf(alice);
      const pages: Record<string, unknown>[] = [];
      for (let cursor: unknown = null; ;) {
        const query = `limit=1${typeof cursor === "string" ? `&cursor=${cursor}` : ""}`;
        // oxlint-disable-next-line no-await-in-loop -- each page names the next
        const page = await api.stack.readAll(`/v1/accounts/${account}/grants?${query}`);
        const list = listOf(page.document["grants"]);
        expect(list.length).to.be.at.most(1);
        pages.push(...list);
        cursor = page.document["nextCursor"];
        if (cursor === null) break;
      }
      expect(pages.find(({ id }) => id === outcome?.["allowance"])).to.include({
        issuer: walletSpender(addressOf(alice)),
        campaignId: campaign,
        revokedAt: null,
      });
    });

    it("refuses another wallet, an old signature and a malformed header", async () => {
      const body = grantTo(newSpender());
      const now = Math.floor(Date.now() / 1000);
      expectProblem(await issue(body, await signedAs(bob)), 404, "allowance_not_found");
      expectProblem(
        await issue(body, await signedAs(alice, now - 301)),
        401,
        "credentials_expired",
      );
      expectProblem(await issue(body, {}), 401, "missing_credentials");
      const { authorization } = await signedAs(alice);
      expectProblem(
        await issue(body, { authorization: authorization.slice(0, -1) }),
        401,
        "missing_credentials",
      );
      const forged = (await signedAs(bob)).authorization.replace(
        new RegExp(addressOf(bob), "i"),
        addressOf(alice),
      );
      expectProblem(await issue(body, { authorization: forged }), 401, "invalid_signature");
    });

    it("registers an issuing key once, by the owner's signature", async () => {
      const key = createIssuingKey();
      const first = await register(alice, key);
      expect(first.status, JSON.stringify(first.document)).to.equal(201);
      expect(first.document).to.include({ campaign: null, counter: "0", revokedAt: null });
      expect((await register(alice, key)).status).to.equal(200);
      expectProblem(await register(bob, key), 409, "key_taken");
      const forged = { account: addressOf(bob) };
      expectProblem(await register(alice, createIssuingKey(), forged), 403, "invalid_signature");
      expectProblem(
        await register(alice, createIssuingKey(), { counter: "1" }),
        403,
        "invalid_signature",
      );
      const list = await api.stack.readAll(`/v1/accounts/${addressOf(alice)}/issuing-keys`);
      const hashes = listOf(list.document["issuingKeys"]).map(({ keyHash }) => keyHash);
      expect(hashes).to.include(apiKeySpender(key));
      expect(JSON.stringify(list.document)).to.not.include(key);
    });

    it("issues with the key until its revocation, and only from the campaign it names", async () => {
      const key = await api.stack.registerIssuingKey(alice);
      const named = await api.stack.registerIssuingKey(alice, campaign);
      expect((await issue(grantTo(newSpender()), bearer(key))).status).to.equal(200);
      expect((await issue(grantTo(newSpender()), bearer(named))).status).to.equal(200);
      const other = await api.postAllowance(await api.stack.sign(alice));
      const path = `/v1/allowances/${String(other.document["id"])}/grants`;
      const body = grantTo(newSpender());
      expectProblem(await api.stack.request(path, { body, key: named }), 403, "not_the_issuer");
      expect((await api.stack.request(path, { body, key })).status).to.equal(200);

      expect((await revokeKey(alice, key, false)).document).to.include({ revokedGrants: 0 });
      expectProblem(await issue(grantTo(newSpender()), bearer(key)), 401, "key_revoked");
      expectProblem(await revokeKey(bob, key, false), 404, "key_not_found");
      expectProblem(await register(alice, key), 409, "key_revoked");
    });

    it("revokes with the key all that it issued, if its owner says so", async () => {
      const key = await api.stack.registerIssuingKey(alice);
      const scope = { providers: [addressOf(provider)], meters: [] };
      const spenders = [newSpender(), newSpender()];
      const code = "WELCOME-TO-ALICE";
      for (const spender of spenders) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await issue(grantTo(spender, scope), bearer(key));
        const pair = { spender, account: addressOf(alice) };
        // oxlint-disable-next-line no-await-in-loop
        await api.stack.context.acceptances.change({ ...pair, accepted: true, proof: BY_KEY });
      }
      const codes = [{ codeHash: promotionCodeHash(code), limit: "5" }];
      const path = `/v1/allowances/${campaign}`;
      const added = await api.stack.request(`${path}/codes`, { body: { codes }, key });
      expect(added.document).to.include({ accepted: 1 });
      const [spender = "0x"] = spenders;
      expect((await api.report(cloudEvent(spender))).status).to.equal(201);

      const revoked = await revokeKey(alice, key, true);
      expect(revoked.document).to.include({ revokedGrants: 2, hasMore: false });
      expect((await revokeKey(alice, key, true)).document).to.include({ revokedGrants: 0 });
      await api.refuses(() => api.report(cloudEvent(spender)), 403, "allowance_revoked");
      const listed = await api.stack.request(`${path}/codes`, {
        headers: await signedAs(alice),
      });
      expect(listOf(listed.document["codes"])[0]?.["closedAt"]).to.be.a("string");
    });

    it("ends with the owner's campaign", async () => {
      const key = await api.stack.registerIssuingKey(alice);
      const { wallet } = api.stack.as(alice);
      const signature = await signRevocation(wallet, api.stack.deployment, campaign);
      await api.stack.request(`/v1/allowances/${campaign}/revocation`, { body: { signature } });
      expectProblem(await issue(grantTo(newSpender()), bearer(key)), 403, "campaign_revoked");
    });

    describe("each kind of key", () => {
      const hold = { id: "hold", meter: "requests", quantity: "1", ttlSeconds: 60 };
      /** Each route with the one kind of key that it takes. */
      const routes: readonly [path: string, takes: string, body: (key: string) => object][] = [
        ["/v1/usage", "provider", () => cloudEvent(newSpender())],
        ["/v1/voids", "provider", () => ({ eventId: "none" })],
        ["/v1/receipts", "provider", () => ({})],
        ["/v1/rate-cards", "provider", () => ({ rates: [] })],
        ["/v1/utilisation", "provider", () => ({})],
        ["/v1/holds", "provider", () => ({ ...hold, spender: newSpender() })],
        ["/v1/holds/hold/captures", "provider", () => ({})],
        ["/v1/holds/hold/release", "provider", () => ({})],
        ["/v1/provider-access", "provider", () => ({ apiKey: createApiKey() })],
        ["/v1/allowances/:id/grants", "issuing", () => ({ grants: [] })],
        ["/v1/allowances/:id/codes", "issuing", () => ({ codes: [] })],
        ["/v1/allowances/:id/revocation", "issuing", () => ({})],
      ];
      const kinds = {
        spender: createApiKey,
        provider: createProviderKey,
        issuing: createIssuingKey,
      };

      for (const [route, takes, body] of routes) {
        for (const [sent, create] of Object.entries(kinds)) {
          // API keys and old keys of providers look alike: an API key is an unknown key there.
          // Where keys of several kinds are known, one that nobody registered is unknown first.
          const refusal =
            sent === takes || (sent === "spender" ? takes : sent) === "provider"
              ? "unknown_key"
              : "wrong_key_kind";
          it(`${sent}'s on ${route} is answered ${refusal}`, async () => {
            let path = route.replace(":id", campaign);
            if (route.endsWith("allowances/:id/revocation")) {
              const issued = await issue(grantTo(newSpender()), await signedAs(alice));
              const [outcome] = listOf(issued.document["outcomes"]);
              path = route.replace(":id", String(outcome?.["allowance"]));
            }
            const key = create();
            const answer = await api.stack.request(path, { body: body(key), key });
            expectProblem(answer, refusal === "unknown_key" ? 401 : 403, refusal);
          });
        }
      }

      for (const [sent, create] of Object.entries(kinds)) {
        const isRefused = sent !== "spender";
        it(`${sent}'s as a spender's is ${isRefused ? "refused" : "taken"}`, async () => {
          const shown = create();
          const answers = [
            await api.stack.request("/v1/provider-access", {
              body: { apiKey: shown },
              key: api.providerKey,
            }),
            await api.stack.request("/v1/holds", {
              body: { ...hold, id: `hold-${sent}`, apiKey: shown },
              key: api.providerKey,
            }),
            await api.stack.request("/v1/provider-access/revocation", {
              body: { provider: addressOf(provider), apiKey: shown },
            }),
          ];
          for (const answer of answers) {
            expect(answer.document["reason"] === "wrong_key_kind").to.equal(isRefused);
          }
        });
      }
    });
  });
}
