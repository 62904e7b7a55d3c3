import { expect } from "chai";
import { hashTypedData } from "viem";

import { createProviderKey } from "@compute-credits/client/wallet/apiKey";
import { signProviderApproval } from "@compute-credits/client/wallet/providerApproval";
import { providerApprovalTypedData } from "@compute-credits/protocol/messages/providerApproval";
import { providerKeyTypedData } from "@compute-credits/protocol/messages/providerKey";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { type TestWallet, wallets } from "../../../../scripts/local/wallets.ts";
import { expectProblem } from "../../../fixtures/http.ts";
import {
  type MeteredStack,
  addressOf,
  cloudEvent,
  stackKinds,
  startMeteredStack,
} from "../../../fixtures/meteredStack.ts";

const { alice, bob, operator, provider } = wallets;

const now = () => BigInt(Math.floor(Date.now() / 1000));

for (const kind of stackKinds) {
  describe(`approval of providers on ${kind}`, () => {
    let stack: MeteredStack;

    before(async () => {
      const environment = { OPERATORS: addressOf(operator) };
      stack = await startMeteredStack(kind, { environment });
    });
    after(() => stack.stop());

    async function decide(approved: boolean, issuedAt: bigint, by: TestWallet = operator) {
      const message = { provider: addressOf(provider), approved, issuedAt };
      const body = await signProviderApproval(stack.as(by).wallet, stack.deployment, message);
      return await stack.request("/v1/provider-approvals", { body });
    }

    async function register(key: string) {
      const message = { provider: addressOf(provider), keyHash: apiKeySpender(key) };
      const typedData = providerKeyTypedData(stack.deployment, message);
      const signature = await provider.account.signTypedData(typedData);
      return await stack.request("/v1/provider-keys", { body: { ...message, signature } });
    }

    it("lets a provider register, charge, and so on only while an operator approves it", async () => {
      const key = createProviderKey();
      expectProblem(await register(key), 403, "provider_not_approved");
      const status = () => stack.request(`/v1/provider-approvals/${addressOf(provider)}`);
      expect((await status()).document).to.include({ approved: false, decision: null });

      const first = now();
      expect((await decide(true, first - 10n)).status).to.equal(200);
      expect((await decide(true, first - 10n)).status).to.equal(200);
      expect((await status()).document).to.include({ approved: true });
      expect((await register(key)).status).to.equal(201);
      const { spender } = (await stack.sign(alice)).allowance;
      const requests: readonly [path: string, body: object][] = [
        ["/v1/usage", cloudEvent(spender)],
        ["/v1/voids", { eventId: "none" }],
        ["/v1/receipts", {}],
        ["/v1/rate-cards", { rates: [] }],
        ["/v1/utilisation", { meter: "requests", dimensions: {}, utilisationBps: 1 }],
        ["/v1/holds", { id: "one", spender, meter: "requests", quantity: "1", ttlSeconds: 60 }],
        ["/v1/holds/one/captures", { eventId: "one", quantity: "1", final: true }],
        ["/v1/holds/one/release", {}],
        ["/v1/provider-access", { spender: addressOf(alice), signature: "0x11" }],
      ];
      const reasons = async () =>
        await Promise.all(
          requests.map(async ([path, body]) => {
            const { document } = await stack.request(path, { body, key });
            return document["reason"] === "provider_not_approved";
          }),
        );
      expect(await reasons()).to.deep.equal(requests.map(() => false));

      expect((await decide(false, first - 9n)).status).to.equal(200);
      expect(await reasons()).to.deep.equal(requests.map(() => true));
      expectProblem(await decide(true, first - 10n), 409, "stale_approval");
      expect((await decide(true, first)).status).to.equal(200);
      expect(await reasons()).to.deep.equal(requests.map(() => false));
    });

    it("takes the signatures of operators only, over this message", async () => {
      expectProblem(await decide(true, now() + 1n, bob), 403, "not_an_operator");
      expectProblem(await decide(true, now() + 1_000n), 422, "times_out_of_range");
      const message = { provider: addressOf(bob), approved: true, issuedAt: now() };
      const { wallet } = stack.as(operator);
      const signed = await signProviderApproval(wallet, stack.deployment, message);
      const body = { ...signed, provider: addressOf(alice) };
      const answer = await stack.request("/v1/provider-approvals", { body });
      expectProblem(answer, 403, "invalid_signature");
    });

    it("logs each decision with its signature", async () => {
      const window = { since: null, upTo: null };
      const { entries } = await stack.context.usageLog.page(window, null, 1_000);
      const decisions = entries.filter((entry) => entry.kind === "provider_approval");
      expect(decisions.map(({ approved }) => approved)).to.deep.equal([true, false, true]);
      for (const decision of decisions) {
        const { signature, operator: signer } = decision;
        const digest = hashTypedData(providerApprovalTypedData(stack.deployment, decision));
        // oxlint-disable-next-line no-await-in-loop -- a handful
        const signing = await stack.context.chain.signingOf(signer, digest, signature);
        expect(signing).to.equal("key");
      }
    });
  });
}
