import { expect } from "chai";
import type { Address, Hex } from "viem";

import { acceptanceTypedData } from "@compute-credits/protocol/messages/acceptance";
import { walletSpender } from "@compute-credits/protocol/messages/spender";
import type { RuleTerms } from "@compute-credits/rules/grants/campaignRule";
import { type Person, person } from "../../fixtures/audited.ts";
import { deployment } from "../../fixtures/ledger.ts";
import {
  bytea,
  describeLies,
  mallory,
  provider,
  sponsor,
  sponsorCharged,
} from "../../fixtures/lies.ts";

const TERMS: RuleTerms = {
  kind: "first_purchase",
  atLeastMicros: 100n,
  limit: 50n,
  period: 0n,
  rollover: 0n,
  priority: 1,
  // So it may bill what the grants pay.
  scope: { providers: [provider.address], meters: [] },
  maxGrants: 10n,
  claimBy: 0n,
  validSeconds: 0n,
};

describeLies("campaigns' rules", (liar) => {
  const { lie, use, expectFindings } = liar;
  const newcomer = person("newcomer");
  const friend = person("friend");

  async function campaignWith(terms: Partial<RuleTerms> = {}): Promise<Hex> {
    const { id } = await liar.scene.allow(sponsor);
    const issuer = walletSpender(sponsor.address);
    const rule = { ...TERMS, ...terms };
    const outcome = await liar.scene.ledger.campaignRules.set(id, rule, issuer);
    expect(outcome.result).to.equal("set");
    return id;
  }

  /** Spends of a person's own credits at the provider. */
  async function spend(who: Person, quantity: bigint) {
    const { message } = await liar.scene.allow(who);
    const { spender } = message;
    await liar.scene.ledger.grantAccess(spender, provider.address);
    const { id } = await use(quantity, { spender });
    return { id, key: spender };
  }

  let signedAt = BigInt(Date.now());

  /** Claims with the wallet, which accepts the sponsor. Returns the reason of a refusal. */
  async function claim(campaign: Hex, who: Person, referrer: Address | null = null) {
    const spender = walletSpender(who.address);
    const message = { spender, account: sponsor.address, accepted: true, signedAt: signedAt++ };
    const signature = await who.account.signTypedData(acceptanceTypedData(deployment, message));
    const proof = { how: "wallet", signature, signedAt: message.signedAt } as const;
    const claimed = { campaign, account: who.address, spender, referrer, proof };
    const outcome = await liar.scene.ledger.campaignRules.claim(claimed);
    return outcome.result === "refused" ? outcome.refusal.reason : outcome.result;
  }

  const useGrant = (who: Person, quantity: bigint) =>
    use(quantity, { spender: walletSpender(who.address) });

  const finish = async () => await liar.scene.finalise(await liar.scene.cut());

  it("granting by each rule truthfully: finds nothing, also after a restart", async () => {
    const campaigns = {
      first_purchase: await campaignWith(),
      first_day: await campaignWith({ kind: "first_day" }),
      referral: await campaignWith({ kind: "referral" }),
      first_paid_job: await campaignWith({ kind: "first_paid_job", atLeastMicros: 150n }),
    };
    await liar.scene.buy(newcomer, 1_000n);
    await liar.scene.buy(friend, 1_000n);
    const { id } = await spend(newcomer, 60n);
    await liar.scene.ledger.usage.void({ provider: provider.address, id });
    await spend(newcomer, 100n);
    await spend(friend, 100n);
    await finish();
    expect(await liar.scene.audit()).to.deep.equal([]);
    liar.scene.restart();
    expect(await claim(campaigns.first_purchase, newcomer)).to.equal("granted");
    expect(await claim(campaigns.first_day, newcomer)).to.equal("granted");
    expect(await claim(campaigns.referral, newcomer, friend.address)).to.equal("granted");
    expect(await claim(campaigns.first_paid_job, provider)).to.equal("granted");
    await liar.scene.ledger.campaignRules.close(campaigns.first_day);
    await useGrant(newcomer, 120n);
    await useGrant(provider, 50n);
    await finish();
    expect(await liar.scene.audit()).to.deep.equal([]);
  });

  it("granting to an account that has not spent enough: finds what its grant paid forged", async () => {
    const campaign = await campaignWith();
    await liar.scene.buy(newcomer, 1_000n);
    await spend(newcomer, 99n);
    await finish();
    expect(await claim(campaign, newcomer)).to.equal("rule_not_met");
    await lie(`update campaign_rules set terms = jsonb_set(terms, '{atLeastMicros}', '"99"')`);
    expect(await claim(campaign, newcomer)).to.equal("granted");
    const { id } = await useGrant(newcomer, 10n);
    await liar.scene.cut();
    await expectFindings([sponsorCharged("forged_allowance", id, 10n)]);
  });

  it("granting twice to one account: finds the second grant forged", async () => {
    const campaign = await campaignWith();
    await liar.scene.buy(newcomer, 1_000n);
    const { key } = await spend(newcomer, 100n);
    await finish();
    expect(await claim(campaign, newcomer)).to.equal("granted");
    await lie(`update signed_allowances set grant_key = grant_key || ' again'
      where campaign = ${bytea(campaign)}`);
    const again = await liar.scene.ledger.campaignRules.claim({
      campaign,
      account: newcomer.address,
      spender: key,
      referrer: null,
      proof: { how: "key" },
    });
    expect(again).to.containSubset({ result: "granted", repeated: false });
    const { id } = await use(40n, { spender: key });
    await liar.scene.cut();
    await expectFindings([sponsorCharged("forged_allowance", id, 40n)]);
  });

  it("setting a rule that no issuer set: finds what its grant paid forged", async () => {
    const campaign = await campaignWith();
    await lie(`update log_notes set body = jsonb_set(body, '{issuer}',
      '"${walletSpender(mallory.address)}"') where kind = 'campaign_rule'`);
    await liar.scene.buy(newcomer, 1_000n);
    await spend(newcomer, 100n);
    await finish();
    expect(await claim(campaign, newcomer)).to.equal("granted");
    const { id } = await useGrant(newcomer, 10n);
    await liar.scene.cut();
    await expectFindings([sponsorCharged("forged_allowance", id, 10n)]);
  });
});
