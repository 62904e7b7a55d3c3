import { expect } from "chai";

import {
  type Api,
  type Signing,
  accept,
  addCodes,
  addIssuingKey,
  addProviderKey,
  addViewKey,
  allow,
  apiKeySpender,
  approveProvider,
  capture,
  claimAccess,
  closeCode,
  createApi,
  createApiKey,
  createPromotionCode,
  createReadAccess,
  createWebhook,
  deleteWebhook,
  endAcceptance,
  explain,
  extendHold,
  hold,
  issueGrants,
  labelKey,
  openSession,
  postAllowance,
  preview,
  previewPrices,
  promotionCodeHash,
  publishRateCard,
  quote,
  readAcceptances,
  readActs,
  readAllowance,
  readAllowances,
  readApproval,
  readBalance,
  readBudgets,
  readCampaign,
  readCapProof,
  readCodes,
  readCounter,
  readCuts,
  readDebits,
  readDeliveries,
  readDynamicRates,
  readEarnings,
  readGrants,
  readHold,
  readIssuingKeys,
  readKeys,
  readLiability,
  readLiveness,
  readLog,
  readMe,
  readMultiplierSteps,
  readOffers,
  readProviderStatement,
  readRateCard,
  readRateCards,
  readReadiness,
  readReceipt,
  readReport,
  readRows,
  readRunway,
  readSegments,
  readServerCheckpoint,
  readServerCheckpoints,
  readSessions,
  readStatement,
  readStatementCsv,
  readUsageSums,
  readWebhooks,
  redeem,
  release,
  replayWebhook,
  reportUsage,
  reportUtilisation,
  requestRefund,
  revoke,
  revokeAccess,
  revokeAll,
  revokeGrant,
  revokeIssuingKey,
  revokeKey,
  revokeProviderKey,
  revokeSession,
  revokeSessions,
  revokeViewKey,
  rotateKey,
  rotateWebhookSecret,
  settle,
  signAcceptance,
  signAllowance,
  signProviderAccess,
  takeReceipt,
  testWebhook,
  updateWebhook,
  voidEvent,
  walletSpender,
} from "@compute-credits/client/index";
import { LOCAL_WINDOWS } from "../../scripts/local/deployLocal.ts";
import { eventually } from "../../scripts/local/eventually.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import {
  type MeteredStack,
  addressOf,
  cloudEvent,
  startMeteredStack,
} from "../fixtures/meteredStack.ts";
import { refusalOf } from "../fixtures/refusalOf.ts";

const { alice, bob, operator, provider, signer } = wallets;
const account = addressOf(alice);
const DAY = 86_400n;

/** A request costs a hundredth of a credit. */
const REQUEST_MICROS = 10_000n;

describe("the SDK's actions", () => {
  let stack: MeteredStack;
  let signing: Signing;
  let anyone: Api;
  /** as Alice, with her wallet's session */
  let owner: Api;
  /** with the provider's key */
  let charging: Api;
  const apiKey = createApiKey();
  const spender = apiKeySpender(apiKey);
  let allowance: `0x${string}`;

  before(async () => {
    stack = await startMeteredStack("PGlite", {
      environment: { OPERATORS: addressOf(operator), WEBHOOK_NETWORKS: "127.0.0.0/8" },
    });
    const { wallet } = stack.as(alice);
    signing = { wallet, deployment: stack.deployment };
    anyone = createApi(stack.server.url);
    const { token } = await openSession(anyone, wallet, { label: "test" });
    owner = anyone.as({ key: token ?? "" });
    await approveProvider(
      anyone,
      { wallet: stack.as(operator).wallet, deployment: stack.deployment },
      { provider: addressOf(provider) },
    );
    const added = await addProviderKey(anyone, {
      wallet: stack.as(provider).wallet,
      deployment: stack.deployment,
    });
    charging = anyone.as({ key: added.key });
    await stack.buyAndWait(alice, 100_000_000n);
    const counter = await readCounter(stack, account);
    const options = { spender, limitMicros: 50_000_000n, counter, apiKey };
    ({ id: allowance } = await allow(anyone, signing, options));
    await claimAccess(charging, { apiKey });
  });
  after(() => stack.stop());

  /** Reports requests of the spender, and returns the event's id. */
  async function charge(quantity: number): Promise<string> {
    const event = cloudEvent(spender, { quantity });
    const [outcome] = await reportUsage(charging, { events: [{ ...event, ...TYPES }] });
    expect(outcome).to.include({
      result: "debited",
      costMicros: REQUEST_MICROS * BigInt(quantity),
    });
    return event.id;
  }

  it("hold, capture and release: charge what was used, and return the rest", async () => {
    const before = await readBalance(owner, { account });
    const work = { id: "job-1", apiKey, meter: "requests", quantity: 5, ttlSeconds: 60 };
    expect((await hold(charging, work)).heldMicros).to.equal(5n * REQUEST_MICROS);
    const captured = await capture(charging, {
      id: "job-1",
      eventId: "job-1/a",
      quantity: 2,
      final: false,
    });
    expect(captured.costMicros).to.equal(2n * REQUEST_MICROS);
    expect((await readHold(charging, { id: "job-1" })).heldMicros).to.equal(3n * REQUEST_MICROS);
    expect((await release(charging, { id: "job-1" })).status).to.equal("released");
    const { availableMicros } = await readBalance(owner, { account });
    expect(before.availableMicros - availableMicros).to.equal(2n * REQUEST_MICROS);
  });

  it("hold with lines, extended: charges each line, all or none", async () => {
    const lines = ["web", "mobile"].map((id) => ({ id, meter: "requests", quantity: 5 }));
    const held = await hold(charging, { id: "job-lines", apiKey, lines, ttlSeconds: 60 });
    expect(held.lines.map(({ id }) => id)).to.deep.equal(["web", "mobile"]);
    const more = { id: "more", ttlSeconds: 120, lines: [{ id: "web", quantity: 2 }] };
    const extended = await extendHold(charging, { holdId: "job-lines", ...more });
    expect(extended.heldMicros).to.equal(12n * REQUEST_MICROS);
    expect(extended.expiresAt > held.expiresAt).to.equal(true);
    const captured = await capture(charging, {
      id: "job-lines",
      lines: [
        { id: "web", eventId: "job-lines/web", quantity: 7 },
        { id: "mobile", eventId: "job-lines/mobile", quantity: 1 },
      ],
    });
    expect(captured.costMicros).to.equal(8n * REQUEST_MICROS);
    expect(captured.lines.map(({ costMicros }) => costMicros)).to.deep.equal([
      7n * REQUEST_MICROS,
      REQUEST_MICROS,
    ]);
    expect(captured.hold.status).to.equal("captured");
  });

  it("quote: a hold with it is charged at its price", async () => {
    const work = { meter: "requests", quantity: 3 };
    const asked = { ...work, provider: addressOf(provider), account };
    const { message, signature } = await quote(charging, asked);
    expect(message.costMicros).to.equal(3n * REQUEST_MICROS);
    const held = { id: "job-2", spender, ...work, ttlSeconds: 60, quote: { message, signature } };
    expect((await hold(charging, held)).heldMicros).to.equal(3n * REQUEST_MICROS);
    await release(charging, { id: "job-2" });
  });

  it("preview and previewPrices: charge nothing", async () => {
    const measurements = [{ meter: "requests", quantity: 4 }];
    const work = { provider: addressOf(provider), measurements };
    expect((await previewPrices(anyone, work)).totalMicros).to.equal(4n * REQUEST_MICROS);
    const { totalMicros } = await preview(anyone.as({ key: apiKey }), work);
    expect(totalMicros).to.equal(4n * REQUEST_MICROS);
  });

  it("what was charged: debits, sums, budgets, statements and the explanation agree", async () => {
    const eventId = await charge(10);
    const of = { provider: addressOf(provider), eventId };
    expect((await explain(owner, of)).costMicros).to.equal(10n * REQUEST_MICROS);
    const { debits } = await readDebits(owner, { account, limit: 1 });
    expect(debits[0]).to.include({ eventId, amountMicros: 10n * REQUEST_MICROS });
    expect((await readDebits(charging, { provider: of.provider })).debits[0]).to.include({
      eventId,
    });
    const asSpender = anyone.as({ key: apiKey });
    expect((await readDebits(asSpender, { spender })).debits[0]).to.include({ eventId });

    const { spentMicros } = await readBalance(owner, { account });
    expect((await readUsageSums(owner, { account })).amountMicros).to.equal(spentMicros);
    const sums = await readEarnings(charging, { provider: of.provider, groupBy: "account" });
    expect(sums.groups.map(({ key, amountMicros }) => [key, amountMicros])).to.deep.equal([
      [account, spentMicros],
    ]);
    const [budget] = (await readBudgets(owner, { account })).budgets;
    expect(budget).to.include({ allowance, usedMicros: spentMicros });
    expect((await readBudgets(asSpender, { spender })).budgets).to.have.length(1);
    const { closingMicros, reconciles } = await readStatement(owner, { account });
    expect([closingMicros, reconciles]).to.deep.equal([100_000_000n - spentMicros, true]);
    expect(await readStatementCsv(owner, { account })).to.match(/^[a-z_,A-Z]+\r?\n/);
    const earned = await readProviderStatement(charging, { provider: of.provider });
    expect(earned.closingMicros).to.equal(sums.earnedMicros);
    expect((await readRunway(owner, { account })).windows).to.have.length(3);
    expect((await readActs(owner, { account, limit: 1 })).acts).to.have.length(1);
  });

  it("voidEvent: takes an event back", async () => {
    const eventId = await charge(7);
    const { amountMicros } = await voidEvent(charging, { eventId });
    expect(amountMicros).to.equal(7n * REQUEST_MICROS);
  });

  it("takeReceipt and readReceipt: promise what was earned", async () => {
    const { receipt } = await takeReceipt(charging);
    expect((await readReceipt(charging)).receipt).to.deep.equal(receipt);
  });

  it("accept and endAcceptance: by a wallet's signature, whoever sends it", async () => {
    const { wallet } = stack.as(bob);
    const counter = await readCounter(stack, account);
    const spending = walletSpender(addressOf(bob));
    await allow(anyone, signing, { spender: spending, limitMicros: 1n, counter });
    const { token } = await openSession(anyone, wallet);
    const asBob = anyone.as({ key: token ?? "" });
    const { offers } = await readOffers(asBob, { spender: spending });
    expect(offers.map((offer) => offer.account)).to.deep.equal([account]);
    const yes = await signAcceptance(wallet, stack.deployment, { account });
    expect((await accept(charging, yes)).accepted).to.equal(true);
    const signedAt = yes.signedAt + 1n;
    const no = await signAcceptance(wallet, stack.deployment, {
      account,
      accepted: false,
      signedAt,
    });
    expect((await endAcceptance(charging, no)).accepted).to.equal(false);
  });

  it("campaigns: an issuing key issues grants and codes, until it is revoked with them", async () => {
    const counter = await readCounter(stack, account);
    const { key, keyHash } = await addIssuingKey(anyone, signing, { counter, campaign: allowance });
    const issuing = anyone.as({ key });
    const campaign = allowance;
    const grant = { id: "g-1", spender: walletSpender(addressOf(bob)), limitMicros: 1_000_000n };
    const issued = await issueGrants(issuing, { campaign, grants: [grant] });
    expect(issued.outcomes[0]).to.include({ result: "granted", repeated: false });

    const code = createPromotionCode();
    const codes = [{ code, limitMicros: 5_000_000n, maxRedemptions: 2n }];
    expect(await addCodes(issuing, { campaign, codes })).to.include({ accepted: 1, refused: 0 });
    const redeemed = await redeem(anyone.as({ key: createApiKey() }), { campaign, code });
    expect(redeemed.allowance.limit).to.equal(5_000_000n);
    expect((await readCodes(issuing, { campaign })).codes[0]?.redemptions).to.equal(1n);
    const closed = await closeCode(issuing, { campaign, codeHash: promotionCodeHash(code) });
    expect(closed.closedAt).to.be.a("date");
    expect((await revokeGrant(issuing, { grant: redeemed.id })).revokedAt).to.be.a("date");

    expect((await readCampaign(issuing, { campaign })).grants).to.have.length(2);
    expect((await readGrants(owner, { account, limit: 1 })).nextCursor).to.be.a("string");
    expect((await readAllowance(owner, { id: redeemed.id })).revokedAt).to.be.a("date");
    const revoked = await revokeIssuingKey(anyone, signing, { keyHash, revokesGrants: true });
    expect(revoked.revokedGrants).to.equal(1);
    const [first] = await readIssuingKeys(owner, { account });
    expect(first?.revokedAt).to.be.a("date");
  });

  it("a wallet that spends gives a provider access, and takes it back", async () => {
    const { wallet } = stack.as(bob);
    const shown = await signProviderAccess(wallet, stack.deployment, addressOf(provider));
    expect((await claimAccess(charging, shown)).spender).to.equal(walletSpender(addressOf(bob)));
    const by = { wallet, deployment: stack.deployment };
    const revoked = await revokeAccess(anyone, { provider: addressOf(provider), by });
    expect(revoked.revokedAt).to.be.a("date");
    expect(await refusalOf(claimAccess(charging, shown))).to.match(/access_revoked/);
    const key = createApiKey();
    await claimAccess(charging, { apiKey: key });
    await revokeAccess(anyone, { provider: addressOf(provider), by: { apiKey: key } });
    const { acceptances } = await readAcceptances(anyone.as({ key: apiKey }), { spender });
    expect(acceptances.map((one) => one.account)).to.deep.equal([account]);
  });

  it("a provider's card is published, and a dynamic rate moves", async () => {
    const { wallet } = stack.as(provider);
    const { key, keyHash } = await addProviderKey(anyone, {
      wallet,
      deployment: stack.deployment,
    });
    const asProvider = anyone.as({ key });
    const rate = { kind: "dynamic", meter: "gpu.seconds", dimensions: {}, ...DYNAMIC } as const;
    const card = await publishRateCard(asProvider, { rates: [rate] });
    const of = { provider: addressOf(provider) };
    expect((await readRateCards(anyone, of)).rateCards[0]?.version).to.equal(card.version);
    expect(await readRateCard(anyone, card)).to.deep.equal(card);
    const [dynamic] = await readDynamicRates(anyone, of);
    const report = { meter: "gpu.seconds", utilisationBps: 9_000 };
    const { step, multiplierBps } = await reportUtilisation(asProvider, report);
    expect(step.multiplierBeforeBps).to.equal(dynamic?.multiplierBps);
    const rateKey = dynamic?.rateKey ?? "";
    const { steps } = await readMultiplierSteps(anyone, { ...of, rateKey });
    expect(steps[0]?.multiplierAfterBps).to.equal(multiplierBps);
    await revokeProviderKey(anyone, { wallet, deployment: stack.deployment }, { keyHash });
    expect(await refusalOf(reportUtilisation(asProvider, report))).to.match(/unknown_key/);
  });

  it("webhooks: are made, changed, tested, sent again and deleted", async () => {
    // Nothing listens there.
    const url = "http://127.0.0.1:1/hooks";
    const of = { party: "account", address: account } as const;
    const asked = { owner: of, url, events: ["checkpoint.final"] } as const;
    const { webhook, secret } = await createWebhook(owner, asked);
    const { id } = webhook;
    expect(secret).to.match(/^whsec_/);
    expect((await updateWebhook(owner, { id, description: "mine" })).description).to.equal("mine");
    expect(await readWebhooks(owner, of)).to.have.length(1);
    expect((await rotateWebhookSecret(owner, { id })).secret).to.not.equal(secret);
    const { eventId } = await testWebhook(owner, { id });
    await eventually("the delivery", async () => {
      const { deliveries } = await readDeliveries(owner, { id });
      return deliveries[0]?.eventId === eventId;
    });
    expect((await replayWebhook(owner, { id, eventId })).replayed).to.equal(1);
    expect(await deleteWebhook(owner, { id })).to.deep.equal({ id });
  });

  it("operators: approve a provider, and read the report and the liability", async () => {
    const { wallet } = stack.as(operator);
    const by = { wallet, deployment: stack.deployment };
    const other = { provider: addressOf(bob) };
    expect((await approveProvider(anyone, by, other)).approved).to.equal(true);
    expect((await readApproval(anyone, other)).approved).to.equal(true);
    const asOperator = anyone.as({ authorization: createReadAccess(wallet, stack.deployment) });
    const { liability } = await readReport(asOperator);
    expect((await readLiability(asOperator)).liability.unspent.micros).to.equal(
      liability.unspent.micros,
    );
    expect((await readReadiness(anyone, { part: "metering" })).status).to.equal("ready");
    expect((await readReadiness(anyone, { part: "chain" })).status).to.equal("ready");
    expect(await readLiveness(anyone)).to.deep.equal({ status: "alive" });
  });

  it("addViewKey: reads the account, until revokeViewKey or revokeKey", async () => {
    const expiresAt = BigInt(Math.floor(Date.now() / 1000)) + DAY;
    const signed = await addViewKey(anyone, { account, expiresAt, by: signing });
    const added = await addViewKey(owner, { account, expiresAt, label: "watchtower" });
    const keys = await readKeys(owner, { kind: "view" });
    expect(keys.map(({ keyHash }) => keyHash)).to.have.members([signed.keyHash, added.keyHash]);
    const viewing = anyone.as({ key: added.key });
    expect((await readCapProof(viewing, { account })).id).to.be.a("string");
    expect((await readAllowances(viewing, { account, limit: 1 })).nextCursor).to.be.a("string");
    await labelKey(owner, { keyHash: added.keyHash, label: "accountant" });
    await rotateKey(owner, { keyHash: signed.keyHash, by: added.keyHash, overlapSeconds: 60 });
    await revokeViewKey(anyone, signing, { keyHash: signed.keyHash });
    await revokeKey(owner, { keyHash: added.keyHash });
    expect(await refusalOf(readBalance(viewing, { account }))).to.match(/key_revoked/);
    const [first] = await readKeys(owner, { kind: "view" });
    expect(first?.isOpen).to.equal(false);
  });

  it("sessions: are listed and end", async () => {
    const { wallet } = stack.as(alice);
    const { id, token } = await openSession(anyone, wallet, { label: "second" });
    expect(await readMe(anyone.as({ key: token ?? "" }))).to.include({
      kind: "session",
      address: account,
    });
    const labels = (await readSessions(owner)).map(({ label }) => label);
    expect(labels).to.have.members(["second", "test"]);
    await revokeSession(owner, { id });
    const other = await openSession(anyone, wallet);
    expect(await revokeSessions(anyone.as({ key: other.token ?? "" }))).to.include({ revoked: 2 });
    owner = anyone.as({ key: (await openSession(anyone, wallet)).token ?? "" });
  });

  it("settle: pays what the provider has earned", async () => {
    const party = addressOf(provider);
    const { settled } = await eventually("a final checkpoint", async () => {
      const [newest] = await stack.context.checkpoints.list({ before: null, limit: 1 });
      if (newest?.status === "pending") await stack.passTime(LOCAL_WINDOWS.disputeWindowSeconds);
      return await settle(stack.as(bob), anyone, { party }).catch(() => false as const);
    });
    expect(settled.row.party).to.equal(party);
    expect(await stack.dollarsOf(party)).to.be.above(0n);

    const { epoch } = settled;
    const { checkpoints } = await readServerCheckpoints(anyone, { limit: 100 });
    expect(checkpoints.map(({ checkpoint }) => checkpoint.epoch)).to.include(epoch);
    expect((await readServerCheckpoint(anyone, { epoch })).status).to.equal("final");
    const { rows } = await readRows(anyone, { epoch });
    expect(rows.find((row) => row.party === party)).to.deep.equal(settled.row);
    const { wallet } = stack.as(signer);
    const auditing = anyone.as({ authorization: createReadAccess(wallet, stack.deployment) });
    expect((await readLog(auditing, { limit: 1 })).nextCursor).to.be.a("string");
    const [cut] = await readCuts(auditing);
    expect(await readCuts(auditing, { after: cut?.id ?? 0n, limit: 1 })).to.not.deep.include(cut);
    expect(await readSegments(auditing, { after: 1_000n })).to.deep.equal([]);
  });

  it("revoke, revokeAll and requestRefund: end allowances", async () => {
    expect((await revoke(anyone, signing, { allowance })).revokedAt).to.be.a("date");
    const counter = await readCounter(stack, account);
    await revokeAll(stack.as(alice));
    expect(await readCounter(stack, account)).to.equal(counter + 1n);
    const options = { spender, limitMicros: 1n, counter };
    const late = await signAllowance(signing.wallet, signing.deployment, options);
    const refused = await eventually("the new counter", async () => {
      const answer = await refusalOf(postAllowance(anyone, late));
      return answer !== "accepted" && answer;
    });
    expect(refused).to.match(/stale_counter/);
    await requestRefund(stack.as(alice), 1_000_000n);
    expect(await readCounter(stack, account)).to.equal(counter + 2n);
  });
});

/** The literal types of a CloudEvent, which a fixture widens. */
const TYPES = { specversion: "1.0", type: "compute-credits.usage.v1" } as const;

const DYNAMIC = {
  microCredits: 500n,
  perUnits: 1n,
  multiplier: {
    targetBps: 5_000n,
    startBps: 10_000n,
    minBps: 5_000n,
    maxBps: 20_000n,
    maxStepBps: 1_250n,
    denominator: 8n,
    stepSeconds: 60,
  },
} as const;
