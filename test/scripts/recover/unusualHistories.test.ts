import { expect } from "chai";

import { acceptanceTypedData } from "@compute-credits/protocol/messages/acceptance";
import { issuingKeyTypedData } from "@compute-credits/protocol/messages/issuingKey";
import { issuingKeyRevocationTypedData } from "@compute-credits/protocol/messages/issuingKeyRevocation";
import { walletSpender } from "@compute-credits/protocol/messages/spender";
import type { StoredCheckpoint } from "../../../server/stores/checkpoints/checkpointStore.ts";
import { person } from "../../fixtures/audited.ts";
import { deployment, hashOf, party } from "../../fixtures/ledger.ts";
import { ALICES_KEY, alice, ledgerHistory, provider } from "../../fixtures/ledgerHistory.ts";
import { ledgerRows } from "../../fixtures/ledgerRows.ts";
import { type RestoreRig, expectRows, useRestoreRig } from "../../fixtures/restoreRig.ts";

describe("the recovery of a ledger with an unusual history", () => {
  const openRig = useRestoreRig();
  let rig: RestoreRig;

  beforeEach(async () => {
    rig = openRig();
    for (const step of ledgerHistory().slice(0, 3)) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await step.run(rig.scene);
    }
  });

  const use = () => rig.scene.use({ provider: provider.address, spender: ALICES_KEY });

  /** On the chain, with a dispute window that is open for long. */
  async function submit({ message: { epoch, root } }: StoredCheckpoint): Promise<void> {
    const finalAt = new Date(Date.now() + 1_000_000_000);
    await rig.scene.ledger.chainEvents({ type: "checkpoint_submitted", epoch, root, finalAt });
  }

  /** Recovers an empty database, and compares it. Then a server must be able to go on. */
  async function expectWhole(): Promise<void> {
    await rig.copy();
    const empty = await rig.empty();
    expect((await rig.recover(empty)).findingCount).to.equal(0);
    await expectRows(empty, await ledgerRows(rig.database));
    const later = await rig.startOn(empty);
    const latest = await later.ledger.checkpoints.latest();
    if (latest !== null && latest.status !== "final") await later.finalise(latest);
    await later.use({ provider: provider.address, spender: ALICES_KEY });
    await later.cut();
  }

  it("keeps the same rows, dropped by the chain and cut again, apart", async () => {
    const first = await rig.scene.cut();
    await submit(first);
    await rig.scene.dropAt(first, new Date());
    const again = await rig.scene.cut();
    expect(again.message.root).to.equal(first.message.root);
    await rig.scene.finalise(again);
    await use();
    await rig.scene.finalise(await rig.scene.cut());
    await expectWhole();
  });

  it("keeps challenges with the checkpoint that was challenged, after a backup from before", async () => {
    const first = await rig.scene.cut();
    const { epoch, root } = first.message;
    await submit(first);
    await rig.copy();
    await rig.backUp();
    const about = { epoch, account: provider.address, spent: 0n, refunded: 0n, earned: 0n };
    for (const challenger of [party(1), party(2)]) {
      const deadline = new Date("2030-01-01");
      // oxlint-disable-next-line no-await-in-loop -- one block after the other
      await rig.scene.ledger.chainEvents({ type: "challenged", ...about, challenger, deadline });
    }
    await rig.scene.ledger.chainEvents(
      { type: "challenge_unanswered", account: provider.address, challenger: party(1) },
      { type: "checkpoint_dropped", epoch, root },
    );
    await use();
    await rig.scene.finalise(await rig.scene.cut());
    await use();
    await rig.copy();
    const before = await ledgerRows(rig.database);
    await rig.restoreBackup();
    await rig.recover();
    await expectRows(rig.database, before);
    const later = await rig.startOn(rig.database);
    expect((await later.ledger.checkpoints.latest())?.status).to.equal("final");
    await later.cut();
  });

  it("follows the root that co-signers submitted, although it was abandoned", async () => {
    const abandoned = await rig.scene.cut();
    await rig.scene.abandon(abandoned);
    await use();
    await rig.scene.cut();
    await rig.scene.finalise(abandoned);
    await use();
    await rig.scene.finalise(await rig.scene.cut());
    await expectWhole();
  });

  it("keeps codes closed whose issuing key was revoked", async () => {
    const { id: campaign } = await rig.scene.allow(alice);
    const { issuingKeys, grants } = rig.scene.ledger;
    const account = alice.address;
    const key = { account, keyHash: hashOf("stolen"), campaign, counter: 0n };
    const signature = await alice.account.signTypedData(issuingKeyTypedData(deployment, key));
    expect(await issuingKeys.add(key, signature)).to.include({ result: "added" });
    const terms = { limit: 50n, period: 0n, rollover: 0n, priority: null, scope: null };
    const bounds = { maxRedemptions: 2n, redeemBy: 0n, validSeconds: 0n };
    const code = { ...terms, ...bounds, codeHash: hashOf("thief") };
    await grants.addCodes(campaign, [code], key.keyHash);
    const end = { account, keyHash: key.keyHash, revokesGrants: true };
    const ending = await alice.account.signTypedData(
      issuingKeyRevocationTypedData(deployment, end),
    );
    await issuingKeys.revoke({ ...end, signature: ending });
    const [stored] = await grants.codes(campaign, { after: null, limit: 1 });
    expect(stored?.closedAt).to.be.instanceOf(Date);
    await expectWhole();
  });

  it("keeps campaigns' rules, and who was granted to", async () => {
    const { id: campaign } = await rig.scene.allow(alice);
    const { id: closed } = await rig.scene.allow(alice);
    const { campaignRules } = rig.scene.ledger;
    const issuer = walletSpender(alice.address);
    const terms = { limit: 5n, period: 0n, rollover: 0n, priority: null, scope: null };
    const bounds = { maxGrants: 3n, claimBy: 0n, validSeconds: 0n };
    const asked = { kind: "first_paid_job", atLeastMicros: 1n } as const;
    const rule = { ...asked, ...terms, ...bounds };
    await campaignRules.set(campaign, rule, issuer);
    await campaignRules.set(closed, rule, issuer);
    await campaignRules.close(closed);
    const newcomer = person("a new provider");
    await rig.scene.ledger.grantAccess(ALICES_KEY, newcomer.address);
    await rig.scene.use({ provider: newcomer.address, spender: ALICES_KEY, quantity: 10n });
    await rig.scene.finalise(await rig.scene.cut());
    const spender = walletSpender(newcomer.address);
    const signedAt = BigInt(Date.now());
    const word = { spender, account: alice.address, accepted: true, signedAt };
    const signature = await newcomer.account.signTypedData(acceptanceTypedData(deployment, word));
    const claimed = await campaignRules.claim({
      campaign,
      account: newcomer.address,
      spender,
      referrer: null,
      proof: { how: "wallet", signature, signedAt },
    });
    expect(claimed.result).to.equal("granted");
    await use();
    await rig.scene.finalise(await rig.scene.cut());
    await expectWhole();
  });
});
