import { expect } from "chai";

import { providerAccessTypedData } from "@compute-credits/protocol/messages/providerAccess";
import { providerAccessRevocationTypedData } from "@compute-credits/protocol/messages/providerAccessRevocation";
import { providerKeyTypedData } from "@compute-credits/protocol/messages/providerKey";
import { providerKeyRevocationTypedData } from "@compute-credits/protocol/messages/providerKeyRevocation";
import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";
import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { wallets } from "../../../../scripts/local/wallets.ts";
import { type HttpApi, openHttpApi } from "../../../fixtures/httpApi.ts";
import { stackKinds, addressOf, cloudEvent } from "../../../fixtures/meteredStack.ts";

const { alice, bob, provider, operator } = wallets;

for (const kind of stackKinds) {
  describe(`provider keys and access on ${kind}`, () => {
    let api: HttpApi;

    before(async () => {
      api = await openHttpApi(kind);
    });
    after(() => api.stop());

    it("take a key once, and for its owner only", async () => {
      const message = { provider: addressOf(provider), keyHash: apiKeySpender(createApiKey()) };
      const typedData = providerKeyTypedData(api.stack.deployment, message);
      const [good, forged] = [
        await provider.account.signTypedData(typedData),
        await bob.account.signTypedData(typedData),
      ];
      const post = (body: object) => api.stack.request("/v1/provider-keys", { body });

      await api.refuses(() => post({ ...message, signature: forged }), 403, "invalid_signature");
      expect((await post({ ...message, signature: good })).status).to.equal(201);
      expect((await post({ ...message, signature: good })).status).to.equal(201);

      const taken = { provider: addressOf(bob), keyHash: message.keyHash };
      const signature = await bob.account.signTypedData(
        providerKeyTypedData(api.stack.deployment, taken),
      );
      await api.refuses(() => post({ ...taken, signature }), 409, "key_taken");
    });

    it("give access for the API key itself, or for the wallet's signature", async () => {
      const post = (body: object, key: string = api.providerKey) =>
        api.stack.request("/v1/provider-access", { body, key });
      const apiKey = createApiKey();
      await api.newSpender(await api.stack.sign(alice, { spender: apiKeySpender(apiKey) }), {
        access: false,
      });
      const event = cloudEvent(apiKeySpender(apiKey));
      await api.refuses(() => api.report(event), 403, "access_not_granted");
      expect((await post({ apiKey })).status).to.equal(201);
      expect((await api.report(event)).status).to.equal(201);

      const message = { spender: addressOf(operator), provider: addressOf(provider) };
      const typedData = providerAccessTypedData(api.stack.deployment, message);
      const byOther = await bob.account.signTypedData(typedData);
      const body = { spender: message.spender, signature: byOther };
      await api.refuses(() => post(body), 403, "invalid_signature");
      const signature = await operator.account.signTypedData(typedData);
      expect((await post({ ...body, signature })).status).to.equal(201);

      await api.refuses(() => post({ apiKey: "short" }), 400, "invalid_request");
      await api.refuses(() => post({ apiKey, ...body }), 400, "invalid_request");
      await api.refuses(() => post({ apiKey }, createApiKey()), 401, "unknown_key");
    });

    it("end a provider's key for good, by its wallet's signature", async () => {
      const key = await api.stack.registerProvider(provider);
      const message = { provider: addressOf(provider), keyHash: apiKeySpender(key) };
      const typedData = providerKeyRevocationTypedData(api.stack.deployment, message);
      const [good, forged] = [
        await provider.account.signTypedData(typedData),
        await bob.account.signTypedData(typedData),
      ];
      const revoke = (body: object) =>
        api.stack.request(`/v1/provider-keys/${message.keyHash}/revocation`, { body });
      expect((await api.report([], key)).status).to.equal(200);
      const { provider: address } = message;
      await api.refuses(
        () => revoke({ provider: address, signature: forged }),
        403,
        "invalid_signature",
      );
      const ofBob = { provider: addressOf(bob), keyHash: message.keyHash };
      const byBob = await bob.account.signTypedData(
        providerKeyRevocationTypedData(api.stack.deployment, ofBob),
      );
      const notHis = { provider: addressOf(bob), signature: byBob };
      await api.refuses(() => revoke(notHis), 404, "key_not_found");
      expect((await api.report([], key)).status).to.equal(200);

      const first = await revoke({ provider: address, signature: good });
      expect(first.status).to.equal(200);
      const again = await revoke({ provider: address, signature: good });
      expect(again.document).to.deep.equal(first.document);
      await api.refuses(() => api.report(cloudEvent(api.spender), key), 401, "unknown_key");

      // The signature that registered it is still good, and does not bring it back.
      const registration = await provider.account.signTypedData(
        providerKeyTypedData(api.stack.deployment, message),
      );
      const body = { ...message, signature: registration };
      await api.refuses(() => api.stack.request("/v1/provider-keys", { body }), 409, "key_revoked");
    });

    it("end a provider's access for good, by the spender's key or its wallet's signature", async () => {
      const address = addressOf(provider);
      const revoke = (body: object) =>
        api.stack.request("/v1/provider-access/revocation", {
          body: { provider: address, ...body },
        });
      const claim = (body: object) =>
        api.stack.request("/v1/provider-access", { body, key: api.providerKey });

      const apiKey = createApiKey();
      await api.newSpender(await api.stack.sign(alice, { spender: apiKeySpender(apiKey) }));
      const event = () => cloudEvent(apiKeySpender(apiKey));
      expect((await api.report(event())).status).to.equal(201);
      await api.refuses(() => revoke({ apiKey: createApiKey() }), 404, "access_not_found");
      expect((await revoke({ apiKey })).status).to.equal(200);
      await api.refuses(() => api.report(event()), 403, "access_not_granted");
      await api.refuses(() => claim({ apiKey }), 403, "access_revoked");
      const hold = { id: "h", meter: "requests", quantity: 1, dimensions: {}, ttlSeconds: 60 };
      const body = { ...hold, apiKey };
      await api.refuses(
        () => api.stack.request("/v1/holds", { body, key: api.providerKey }),
        403,
        "access_revoked",
      );

      const message = { spender: addressOf(alice), provider: address };
      await api.newSpender(
        await api.stack.sign(alice, { spender: walletSpender(message.spender) }),
      );
      const given = await alice.account.signTypedData(
        providerAccessTypedData(api.stack.deployment, message),
      );
      // What gives access does not take it.
      const wallet = { spender: message.spender };
      await api.refuses(() => revoke({ ...wallet, signature: given }), 403, "invalid_signature");
      expect((await api.report(cloudEvent(message.spender))).status).to.equal(201);
      const taken = await alice.account.signTypedData(
        providerAccessRevocationTypedData(api.stack.deployment, message),
      );
      expect((await revoke({ ...wallet, signature: taken })).status).to.equal(200);
      await api.refuses(() => api.report(cloudEvent(message.spender)), 403, "access_not_granted");
      await api.refuses(() => claim({ ...wallet, signature: given }), 403, "access_revoked");

      // An allowance that names the provider is a new word of its owner.
      const scope = { providers: [address], meters: [] };
      await api.newSpender(
        await api.stack.sign(alice, { spender: walletSpender(message.spender), scope }),
        { access: false },
      );
      expect((await api.report(cloudEvent(message.spender))).status).to.equal(201);
    });
  });
}
