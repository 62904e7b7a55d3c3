import { expect } from "chai";
import { type Hex, zeroHash } from "viem";

import {
  type Api,
  claimGrant,
  closeCampaignRule,
  createApi,
  createApiKey,
  createIssuingKey,
  readCampaignRule,
  setCampaignRule,
  signAcceptance,
  signCampaignAccess,
} from "@compute-credits/client/index";
import { parseCredits } from "@compute-credits/protocol/amounts";
import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";
import { eventually } from "../../../../scripts/local/eventually.ts";
import { type TestWallet, wallets } from "../../../../scripts/local/wallets.ts";
import { expectProblem } from "../../../fixtures/http.ts";
import { type HttpApi, hexOf, openHttpApi } from "../../../fixtures/httpApi.ts";
import { addressOf, cloudEvent, stackKinds } from "../../../fixtures/meteredStack.ts";

const { alice, bob, provider } = wallets;

/** Checkpoints become final soon. */
const WINDOWS = { disputeWindowSeconds: 2, answerWindowSeconds: 2 };

/** What 100 requests cost on the local stack is more. */
const RULE = {
  kind: "first_purchase",
  atLeastMicros: 1_000n,
  limitMicros: 500n,
  maxGrants: 2n,
} as const;

const reasonOf = async (action: Promise<unknown>) =>
  await action.then(
    () => "done",
    (error: unknown) => (error instanceof Error && "reason" in error ? error.reason : error),
  );

for (const kind of stackKinds) {
  describe(`campaigns' rules over HTTP on ${kind}`, () => {
    let api: HttpApi;
    let anyone: Api;
    /** as alice, the owner of the campaigns */
    let owner: Api;
    let campaignKey: string;
    let campaign: Hex;

    before(async () => {
      api = await openHttpApi(kind, { terms: WINDOWS });
      anyone = createApi(api.stack.server.url);
      owner = anyone.as({ authorization: async () => await accessOf(alice) });
    });
    after(() => api.stop());
    beforeEach(async () => {
      campaignKey = createApiKey();
      const signed = await api.stack.sign(alice, { spender: apiKeySpender(campaignKey) });
      campaign = hexOf((await api.postAllowance(signed)).document["id"]);
    });

    const accessOf = async (wallet: TestWallet) =>
      await signCampaignAccess(
        api.stack.as(wallet).wallet,
        api.stack.deployment,
        BigInt(Math.floor(Date.now() / 1000)),
      );

    it("an account buys, spends, and claims once its spending is final, with its wallet", async () => {
      const set = await setCampaignRule(owner, { campaign, rule: RULE });
      expect(set).to.include({ kind: "first_purchase", atLeastMicros: 1_000n, grants: 0n });
      const account = addressOf(bob);
      const acceptance = await signAcceptance(api.stack.as(bob).wallet, api.stack.deployment, {
        account: addressOf(alice),
      });
      const claim = { campaign, account, acceptance };
      expect(await reasonOf(claimGrant(anyone, claim))).to.equal("rule_not_met");
      await api.stack.buyAndWait(bob, parseCredits("1"));
      const key = createApiKey();
      const spender = await api.newSpender(
        await api.stack.sign(bob, { spender: apiKeySpender(key) }),
      );
      expect((await api.report(cloudEvent(spender, { quantity: 100 }))).status).to.equal(201);
      await eventually("the final checkpoint", async () => {
        const final = await api.stack.context.checkpoints.latestFinal();
        return (final?.message.spent ?? 0n) >= 1_000n;
      });
      const stranger = anyone.as({ key: createApiKey() });
      expect(await reasonOf(claimGrant(stranger, { campaign, account }))).to.equal(
        "not_the_accounts_spender",
      );
      const granted = await claimGrant(anyone, claim);
      expect(granted).to.include({ repeated: false, accepted: true });
      expect(granted.allowance).to.include({ spender: walletSpender(account), limit: 500n });
      expect(await claimGrant(anyone, claim)).to.include({ id: granted.id, repeated: true });
      expect(await reasonOf(claimGrant(anyone.as({ key }), { campaign, account }))).to.equal(
        "grant_already_claimed",
      );
      expect(await readCampaignRule(anyone, { campaign })).to.include({ grants: 1n });
    });

    it("is set and closed by the owner or its issuing key, and by nobody else", async () => {
      const bobsCampaign = hexOf(
        (await api.postAllowance(await api.stack.sign(bob))).document["id"],
      );
      const strangers: [Api, string][] = [
        [anyone, "missing_credentials"],
        [anyone.as({ key: campaignKey }), "wrong_key_kind"],
        [anyone.as({ key: createIssuingKey() }), "unknown_key"],
        [
          anyone.as({ key: await api.stack.registerIssuingKey(bob, bobsCampaign) }),
          "allowance_not_found",
        ],
        [anyone.as({ authorization: () => accessOf(bob) }), "allowance_not_found"],
        [anyone.as({ key: api.providerKey }), "wrong_key_kind"],
      ];
      for (const [who, reason] of strangers) {
        // oxlint-disable-next-line no-await-in-loop -- a failure names its party
        expect(await reasonOf(setCampaignRule(who, { campaign, rule: RULE }))).to.equal(reason);
        // oxlint-disable-next-line no-await-in-loop
        expect(await reasonOf(closeCampaignRule(who, { campaign }))).to.equal(reason);
      }
      expect(await reasonOf(readCampaignRule(anyone, { campaign }))).to.equal("rule_not_found");
      expect(await reasonOf(closeCampaignRule(owner, { campaign }))).to.equal("rule_not_found");
      const issuing = anyone.as({ key: await api.stack.registerIssuingKey(alice, campaign) });
      await setCampaignRule(issuing, { campaign, rule: RULE });
      const other = { ...RULE, kind: "first_day" } as const;
      expect(await reasonOf(setCampaignRule(owner, { campaign, rule: other }))).to.equal(
        "rule_conflict",
      );
      expect((await closeCampaignRule(issuing, { campaign })).closedAt).to.be.a("date");
      const closed = claimGrant(anyone.as({ key: createApiKey() }), {
        campaign,
        account: addressOf(bob),
      });
      expect(await reasonOf(closed)).to.equal("not_the_accounts_spender");
    });

    it("refuses rules that no account could meet, and wrong fields, and says what to do", async () => {
      const headers = { authorization: await accessOf(alice) };
      const post = (fields: object) =>
        api.stack.request(`/v1/allowances/${campaign}/rule`, {
          headers,
          body: { kind: "referral", atLeastMicros: "5", limit: "5", maxGrants: "1", ...fields },
        });
      const never = [{ claimBy: "1" }, { limit: "0" }];
      for (const fields of never) {
        // oxlint-disable-next-line no-await-in-loop -- a failure names its fields
        expectProblem(await post(fields), 422, "rule_never_met");
      }
      const wrong = [
        { kind: "first_visit" },
        { atLeastMicros: "0" },
        { atLeastMicros: `${2n ** 63n}` },
        { atLeastMicros: "-1" },
        { maxGrants: "0" },
        { claimBy: "1767225600000" },
        { surprise: true },
      ];
      for (const fields of wrong) {
        // oxlint-disable-next-line no-await-in-loop
        expectProblem(await post(fields), 400, "invalid_request");
      }
      const scoped = await api.stack.sign(alice, { scope: { providers: [], meters: ["tokens"] } });
      campaign = hexOf((await api.postAllowance(scoped)).document["id"]);
      const wide = await post({ scope: { providers: [], meters: ["gpu"] } });
      expectProblem(wide, 422, "beyond_campaign");
    });

    it("refuses claims for others, of nothing, and with a signature of another wallet", async () => {
      await setCampaignRule(owner, { campaign, rule: { ...RULE, kind: "referral" } });
      const acceptance = await signAcceptance(api.stack.as(bob).wallet, api.stack.deployment, {
        account: addressOf(alice),
      });
      const asProvider = { campaign, account: addressOf(provider), acceptance };
      expect(await reasonOf(claimGrant(anyone, asProvider))).to.equal("invalid_signature");
      const account = addressOf(bob);
      expect(await reasonOf(claimGrant(anyone, { campaign, account }))).to.equal(
        "missing_credentials",
      );
      const own = { campaign, account, acceptance };
      expect(await reasonOf(claimGrant(anyone, own))).to.equal("wrong_referrer");
      expect(await reasonOf(claimGrant(anyone, { ...own, referrer: account }))).to.equal(
        "wrong_referrer",
      );
      expect(await reasonOf(claimGrant(anyone, { ...own, campaign: zeroHash }))).to.equal(
        "allowance_not_found",
      );
    });
  });
}
