import { expect } from "chai";

import { ANY_CAMPAIGN, issuingKeyTypedData } from "@compute-credits/protocol/messages/issuingKey";
import { issuingKeyRevocationTypedData } from "@compute-credits/protocol/messages/issuingKeyRevocation";
import { apiKeySpender, walletSpender } from "@compute-credits/protocol/messages/spender";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import { deployment, hashOf } from "../../fixtures/ledger.ts";
import {
  alice,
  aliceCharged,
  bytea,
  describeLies,
  mallory,
  provider,
  sponsor,
  sponsorCharged,
} from "../../fixtures/lies.ts";

/** A grant with its spender. */
type Grantee = Pick<Allowance, "id"> & { readonly spender: Allowance["message"]["spender"] };

describeLies("grants", (liar) => {
  const { lie, use, agree, expectFindings } = liar;
  const from = provider.address;

  let grants = 0;

  /** Issues a grant out of a campaign to a new spender, which has access to the provider. */
  async function grantOf(
    { id: campaign, message: { account } }: Allowance,
    limit = 1_000n,
    issuer = walletSpender(account),
  ): Promise<Grantee> {
    const key = `grant ${grants++}`;
    const to = apiKeySpender(key);
    const request = { key, spender: to, limit, period: 0n, rollover: 0n };
    const [outcome] = [
      await liar.scene.ledger.grants.issue(
        campaign,
        [{ ...request, startsAt: null, expiresAt: null, priority: null, scope: null }],
        issuer,
      ),
    ].flat();
    if (outcome === undefined || !("result" in outcome) || outcome.result !== "granted") {
      throw new Error(`not granted: ${JSON.stringify(outcome)}`);
    }
    await liar.scene.ledger.grantAccess(to, from);
    return { id: outcome.id, spender: to };
  }

  it("sharing a campaign among several grants truthfully: finds nothing and signs", async () => {
    const campaign = await liar.scene.allow(sponsor, { limit: 50n });
    for (const quantity of [20n, 30n]) {
      // oxlint-disable-next-line no-await-in-loop -- debits in order
      await use(quantity, { spender: (await grantOf(campaign)).spender });
    }
    await liar.scene.cut();
    expect(await liar.scene.audit()).to.deep.equal([]);
    expect(liar.scene.signatures).to.have.length(1);
  });

  it("raising a grant's cap over its campaign's: finds it forged", async () => {
    const campaign = await liar.scene.allow(sponsor, { accountCap: 15n });
    const grant = await grantOf(campaign);
    await lie(
      `update signed_allowances set account_cap_micros = 1000 where id = ${bytea(grant.id)}`,
    );
    const { id } = await use(40n, { spender: grant.spender });
    await liar.scene.cut();
    await expectFindings([sponsorCharged("forged_allowance", id, 40n)]);
    const [{ text } = { text: "" }] = await liar.scene.audit();
    expect(text).to.contain(`a grant that its campaign ${campaign.id}, as its owner signed it,`);
  });

  it("charging two grants over their campaign's limit: finds the excess", async () => {
    const campaign = await liar.scene.allow(sponsor, { limit: 50n });
    const [one, two] = [await grantOf(campaign), await grantOf(campaign)];
    await agree();
    await use(30n, { spender: one.spender });
    await lie(`update allowance_usage set limit_micros = 1000 where id = ${bytea(campaign.id)}`);
    const { id } = await use(45n, { spender: two.spender });
    await liar.scene.cut();
    await expectFindings([sponsorCharged("campaign_exhausted", id, 25n)]);
  });

  it("counting a debit against the grant but not its campaign: finds the excess", async () => {
    const campaign = await liar.scene.allow(sponsor, { limit: 50n });
    const [one, two] = [await grantOf(campaign), await grantOf(campaign)];
    await use(30n, { spender: one.spender });
    await lie(
      `update allowance_usage set spent = 0, period_spent = 0 where id = ${bytea(campaign.id)}`,
    );
    const { id } = await use(30n, { spender: two.spender });
    await liar.scene.cut();
    await expectFindings([sponsorCharged("campaign_exhausted", id, 10n)]);
  });

  it("granting out of an unsigned campaign: finds it forged", async () => {
    const grant = await grantOf(await liar.scene.allow(sponsor, {}, mallory));
    const { id } = await use(10n, { spender: grant.spender });
    await liar.scene.cut();
    await expectFindings([sponsorCharged("forged_allowance", id, 10n)]);
  });

  it("changing the terms of a signed campaign: finds the grant forged", async () => {
    const campaign = await liar.scene.allow(sponsor, { limit: 5n });
    await lie(`update allowance_usage set limit_micros = 1000 where id = ${bytea(campaign.id)}`);
    const { id } = await use(10n, { spender: (await grantOf(campaign)).spender });
    await liar.scene.cut();
    await expectFindings([sponsorCharged("forged_allowance", id, 10n)]);
  });

  it("granting out of another account's campaign: finds it forged", async () => {
    const [campaign, other] = [await liar.scene.allow(sponsor), await liar.scene.allow(alice)];
    const grant = await grantOf(other);
    await lie(
      `update signed_allowances set campaign = ${bytea(campaign.id)} where id = ${bytea(grant.id)}`,
    );
    const { id } = await use(10n, { spender: grant.spender });
    await liar.scene.cut();
    await expectFindings([aliceCharged("forged_allowance", id, 10n)]);
  });

  it("granting out of a revoked campaign: finds it revoked", async () => {
    const campaign = await liar.scene.allow(sponsor);
    await agree();
    await liar.scene.revoke(sponsor, campaign);
    await lie("update allowance_usage set revoked_at = null");
    const { id } = await use(10n, { spender: (await grantOf(campaign)).spender });
    await liar.scene.cut();
    await expectFindings([sponsorCharged("campaign_revoked", id, 10n)]);
  });

  it("granting after the campaign's counter has ended: finds it revoked", async () => {
    const campaign = await liar.scene.allow(sponsor);
    await agree();
    await liar.scene.ledger.chainEvents({
      type: "counter_raised",
      account: sponsor.address,
      counter: 1n,
    });
    await lie("update accounts set counter = 0");
    const { id } = await use(10n, { spender: (await grantOf(campaign)).spender });
    await liar.scene.cut();
    await expectFindings([sponsorCharged("allowance_revoked", id, 10n)]);
  });

  context("when an issuing key is the grant's issuer", () => {
    const keyHash = hashOf("an issuing key");

    /** Registers the key truthfully, for all campaigns of the sponsor. */
    async function register() {
      const message = { account: sponsor.address, keyHash, campaign: ANY_CAMPAIGN, counter: 0n };
      const typedData = issuingKeyTypedData(deployment, message);
      const signature = await sponsor.account.signTypedData(typedData);
      await liar.scene.ledger.issuingKeys.add(message, signature);
    }

    it("issuing, revoking and registering truthfully: finds nothing", async () => {
      const campaign = await liar.scene.allow(sponsor, { limit: 50n });
      await register();
      const grant = await grantOf(campaign, 1_000n, keyHash);
      const revocation = { account: sponsor.address, keyHash, revokesGrants: false };
      const typedData = issuingKeyRevocationTypedData(deployment, revocation);
      const signature = await sponsor.account.signTypedData(typedData);
      await liar.scene.ledger.issuingKeys.revoke({ ...revocation, signature });
      await use(20n, { spender: grant.spender });
      await liar.scene.cut();
      expect(await liar.scene.audit()).to.deep.equal([]);
    });

    it("a key that the owner never registered: finds the grant forged", async () => {
      const campaign = await liar.scene.allow(sponsor, { limit: 50n });
      const grant = await grantOf(campaign);
      await lie(
        `update signed_allowances set issuer = ${bytea(keyHash)} where id = ${bytea(grant.id)}`,
      );
      const { id } = await use(40n, { spender: grant.spender });
      await liar.scene.cut();
      await expectFindings([sponsorCharged("forged_allowance", id, 40n)]);
    });

    it("a registration that the owner did not sign: finds the grant forged", async () => {
      const campaign = await liar.scene.allow(sponsor, { limit: 50n });
      const message = { account: sponsor.address, keyHash, campaign: ANY_CAMPAIGN, counter: 0n };
      await liar.scene.ledger.issuingKeys.add(message, `0x${"11".repeat(65)}`);
      const grant = await grantOf(campaign, 1_000n, keyHash);
      const { id } = await use(40n, { spender: grant.spender });
      await liar.scene.cut();
      await expectFindings([sponsorCharged("forged_allowance", id, 40n)]);
    });
  });
});
