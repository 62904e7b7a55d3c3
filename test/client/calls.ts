import type { ROUTES } from "@compute-credits/api/table";
import * as sdk from "@compute-credits/client/index";

/** Who asks: a server, and a wallet that signs for it. */
export interface Asking {
  readonly api: sdk.Api;
  readonly signing: sdk.Signing;
}

/** An action of the SDK by its name, with arguments that a server could take. */
export type Call = Readonly<Record<string, (asking: Asking) => Promise<unknown>>>;

const WORD = `0x${"ab".repeat(32)}` as const;
const ID = "4be0643f-1d98-473b-97cd-ca98a65347dd";
const account = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8";
const [provider, campaign, codeHash, keyHash] = [account, WORD, WORD, WORD] as const;
const work = { meter: "requests", quantity: 1 };
const signer = { signer: account, signature: `0x${"00".repeat(65)}` } as const;

const OPEN_SESSION: Call = {
  openSession: ({ api, signing }) => sdk.openSession(api, signing.wallet),
};

/** The SDK's action for each route of the table, or why it has none. */
export const CALLS: Readonly<Record<(typeof ROUTES)[number]["id"], Call | string>> = {
  getMe: { readMe: ({ api }) => sdk.readMe(api) },
  createNonce: OPEN_SESSION,
  signIn: OPEN_SESSION,
  listSessions: { readSessions: ({ api }) => sdk.readSessions(api) },
  revokeSession: { revokeSession: ({ api }) => sdk.revokeSession(api, { id: "current" }) },
  revokeSessions: { revokeSessions: ({ api }) => sdk.revokeSessions(api) },
  listKeys: { readKeys: ({ api }) => sdk.readKeys(api) },
  labelKey: { labelKey: ({ api }) => sdk.labelKey(api, { keyHash, label: "a" }) },
  replaceKey: { rotateKey: ({ api }) => sdk.rotateKey(api, { keyHash, by: WORD }) },
  endKey: { revokeKey: ({ api }) => sdk.revokeKey(api, { keyHash }) },
  addViewKey: {
    addViewKey: ({ api, signing }) => sdk.addViewKey(api, { account, expiresAt: 1n, by: signing }),
  },
  revokeViewKey: {
    revokeViewKey: ({ api, signing }) => sdk.revokeViewKey(api, signing, { keyHash }),
  },
  listActs: { readActs: ({ api }) => sdk.readActs(api, { account }) },
  getDeployment: { readDeployment: ({ api }) => sdk.readDeployment(api) },
  getLiveness: { readLiveness: ({ api }) => sdk.readLiveness(api) },
  getReadiness: { readReadiness: ({ api }) => sdk.readReadiness(api) },
  getMeteringReadiness: {
    readReadiness: ({ api }) => sdk.readReadiness(api, { part: "metering" }),
  },
  getChainReadiness: { readReadiness: ({ api }) => sdk.readReadiness(api, { part: "chain" }) },
  getAccount: { readBalance: ({ api }) => sdk.readBalance(api, { account }) },
  getProof: { readProof: ({ api }) => sdk.readProof(api, { party: account }) },
  getDepositAddress: {
    readDepositAddress: ({ api }) => sdk.readDepositAddress(api, { account }),
  },
  watchDepositAddress: {
    watchDepositAddress: ({ api }) => sdk.watchDepositAddress(api, { account }),
  },
  listTopUpPolicies: { readTopUpPolicies: ({ api }) => sdk.readTopUpPolicies(api, { account }) },
  addTopUpPolicy: {
    addTopUpPolicy: ({ api }) =>
      sdk.addTopUpPolicy(
        api,
        {
          policy: {
            account,
            payer: account,
            keeper: account,
            creditMicrosPerTopUp: 1n,
            maxCreditMicrosPerPeriod: 1n,
            periodSeconds: 0n,
            startsAt: 0n,
            expiresAt: 4_102_444_800n,
            salt: 1n,
          },
          signature: "0x00",
        },
        { belowMicros: 1n, targetMicros: 2n },
      ),
  },
  stopTopUpPolicy: {
    stopTopUpPolicy: ({ api }) => sdk.stopTopUpPolicy(api, { account, policy: WORD }),
  },
  getCapProof: { readCapProof: ({ api }) => sdk.readCapProof(api, { account }) },
  listAllowances: { readAllowances: ({ api }) => sdk.readAllowances(api, { account }) },
  addAllowance: {
    allow: ({ api, signing }) =>
      sdk.allow(api, signing, { spender: WORD, limitMicros: 1n, counter: 0n }),
  },
  getAllowance: { readAllowance: ({ api }) => sdk.readAllowance(api, { id: WORD }) },
  revokeAllowance: { revokeGrant: ({ api }) => sdk.revokeGrant(api, { grant: WORD }) },
  acceptAccount: { accept: ({ api }) => sdk.accept(api, { account }) },
  endAcceptance: { endAcceptance: ({ api }) => sdk.endAcceptance(api, { account }) },
  listAcceptances: { readAcceptances: ({ api }) => sdk.readAcceptances(api, { spender: WORD }) },
  listOffers: { readOffers: ({ api }) => sdk.readOffers(api, { spender: WORD }) },
  issueGrants: {
    issueGrants: ({ api }) =>
      sdk.issueGrants(api, { campaign, grants: [{ id: "a", spender: WORD, limitMicros: 1n }] }),
  },
  listGrants: { readCampaign: ({ api }) => sdk.readCampaign(api, { campaign }) },
  addCodes: {
    addCodes: ({ api }) =>
      sdk.addCodes(api, { campaign, codes: [{ code: "a code", limitMicros: 1n }] }),
  },
  listCodes: { readCodes: ({ api }) => sdk.readCodes(api, { campaign }) },
  closeCode: { closeCode: ({ api }) => sdk.closeCode(api, { campaign, codeHash }) },
  setCampaignRule: {
    setCampaignRule: ({ api }) =>
      sdk.setCampaignRule(api, {
        campaign,
        rule: { kind: "first_day", atLeastMicros: 1n, limitMicros: 1n, maxGrants: 1n },
      }),
  },
  getCampaignRule: { readCampaignRule: ({ api }) => sdk.readCampaignRule(api, { campaign }) },
  closeCampaignRule: { closeCampaignRule: ({ api }) => sdk.closeCampaignRule(api, { campaign }) },
  claimGrant: { claimGrant: ({ api }) => sdk.claimGrant(api, { campaign, account }) },
  redeemCode: { redeem: ({ api }) => sdk.redeem(api, { campaign, code: "a code" }) },
  listAccountGrants: { readGrants: ({ api }) => sdk.readGrants(api, { account }) },
  registerIssuingKey: {
    addIssuingKey: ({ api, signing }) => sdk.addIssuingKey(api, signing, { counter: 0n }),
  },
  listIssuingKeys: { readIssuingKeys: ({ api }) => sdk.readIssuingKeys(api, { account }) },
  revokeIssuingKey: {
    revokeIssuingKey: ({ api, signing }) => sdk.revokeIssuingKey(api, signing, { keyHash }),
  },
  decideProviderApproval: {
    approveProvider: ({ api, signing }) => sdk.approveProvider(api, signing, { provider }),
  },
  registerMeterKey: {
    addMeterKey: ({ api, signing }) => sdk.addMeterKey(api, signing, { meterKey: account }),
  },
  revokeMeterKey: {
    revokeMeterKey: ({ api, signing }) => sdk.revokeMeterKey(api, signing, { meterKey: account }),
  },
  listMeterKeys: { readMeterKeys: ({ api }) => sdk.readMeterKeys(api, { provider }) },
  publishProfile: {
    publishProfile: ({ api, signing }) => sdk.publishProfile(api, signing, { name: "North GPU" }),
  },
  getProfile: { readProfile: ({ api }) => sdk.readProfile(api, { provider }) },
  getMarket: {
    readMarket: ({ api }) => sdk.readMarket(api, { basket: [{ meter: "requests", quantity: 1n }] }),
  },
  getProviderApproval: { readApproval: ({ api }) => sdk.readApproval(api, { provider }) },
  registerProviderKey: { addProviderKey: ({ api, signing }) => sdk.addProviderKey(api, signing) },
  revokeProviderKey: {
    revokeProviderKey: ({ api, signing }) => sdk.revokeProviderKey(api, signing, { keyHash }),
  },
  grantProviderAccess: {
    claimAccess: ({ api }) => sdk.claimAccess(api, { apiKey: sdk.createApiKey() }),
  },
  revokeProviderAccess: {
    revokeAccess: ({ api, signing }) => sdk.revokeAccess(api, { provider, by: signing }),
  },
  reportUsage: { reportUsage: ({ api }) => sdk.reportUsage(api, { events: [] }) },
  previewUsage: { preview: ({ api }) => sdk.preview(api, { measurements: [work] }) },
  voidEvent: { voidEvent: ({ api }) => sdk.voidEvent(api, { eventId: "a" }) },
  openHold: {
    hold: ({ api }) => sdk.hold(api, { id: "a", spender: WORD, ...work, ttlSeconds: 1 }),
  },
  listOpenHolds: { readOpenHolds: ({ api }) => sdk.readOpenHolds(api, { provider }) },
  getHold: { readHold: ({ api }) => sdk.readHold(api, { id: "a" }) },
  captureHold: { capture: ({ api }) => sdk.capture(api, { id: "a", eventId: "b", quantity: 1 }) },
  extendHold: {
    extendHold: ({ api }) => sdk.extendHold(api, { holdId: "a", id: "b", ttlSeconds: 1 }),
  },
  releaseHold: { release: ({ api }) => sdk.release(api, { id: "a" }) },
  listCheckpoints: { readServerCheckpoints: ({ api }) => sdk.readServerCheckpoints(api) },
  watchCheckpoints: { watch: ({ api }) => watchOnce(api, { checkpoints: true }) },
  getCheckpoint: {
    readServerCheckpoint: ({ api }) => sdk.readServerCheckpoint(api, { epoch: 1n }),
  },
  getRows: { readRows: ({ api }) => sdk.readRows(api, { epoch: 1n }) },
  getCheckpointData: { downloadTable: ({ api }) => sdk.downloadTable(api.url, 1n) },
  addCheckpointSignature: {
    cosignCheckpoint: ({ api }) => sdk.cosignCheckpoint(api, { epoch: 1n, root: WORD, ...signer }),
  },
  issueReceipt: { takeReceipt: ({ api }) => sdk.takeReceipt(api) },
  getLatestReceipt: { readReceipt: ({ api }) => sdk.readReceipt(api) },
  addReceiptSignature: {
    cosignReceipt: ({ api }) =>
      sdk.cosignReceipt(api, { provider, earned: 1n, epoch: 1n, ...signer }),
  },
  listAccountDebits: { readDebits: ({ api }) => sdk.readDebits(api, { account }) },
  getAccountUsage: { readUsageSums: ({ api }) => sdk.readUsageSums(api, { account }) },
  getRunway: { readRunway: ({ api }) => sdk.readRunway(api, { account }) },
  listBudgets: { readBudgets: ({ api }) => sdk.readBudgets(api, { account }) },
  listSpenderDebits: { readDebits: ({ api }) => sdk.readDebits(api, { spender: WORD }) },
  listSpenderBudgets: { readBudgets: ({ api }) => sdk.readBudgets(api, { spender: WORD }) },
  listProviderDebits: { readDebits: ({ api }) => sdk.readDebits(api, { provider }) },
  getProviderEarnings: { readEarnings: ({ api }) => sdk.readEarnings(api, { provider }) },
  getAccountStatement: { readStatement: ({ api }) => sdk.readStatement(api, { account }) },
  getProviderStatement: {
    readProviderStatement: ({ api }) => sdk.readProviderStatement(api, { provider }),
  },
  explainEvent: "explain asks with the id in the query, where no URL loses it.",
  explainEventById: { explain: ({ api }) => sdk.explain(api, { provider, eventId: ".." }) },
  getDuties: { readDuties: ({ api }) => sdk.readDuties(api) },
  getReport: { readReport: ({ api }) => sdk.readReport(api) },
  getLiability: { readLiability: ({ api }) => sdk.readLiability(api) },
  watchAccount: { watch: ({ api }) => watchOnce(api, { account }) },
  watchProvider: { watch: ({ api }) => watchOnce(api, { provider }) },
  watchSpender: { watch: ({ api }) => watchOnce(api, { spender: WORD }) },
  readLog: { readLog: ({ api }) => sdk.readLog(api) },
  listCuts: { readCuts: ({ api }) => sdk.readCuts(api) },
  listSegments: { readSegments: ({ api }) => sdk.readSegments(api) },
  listRateCards: { readRateCards: ({ api }) => sdk.readRateCards(api) },
  getRateCard: { readRateCard: ({ api }) => sdk.readRateCard(api, { version: 1 }) },
  publishRateCard: { publishRateCard: ({ api }) => sdk.publishRateCard(api, { rates: [] }) },
  previewPrices: {
    previewPrices: ({ api }) => sdk.previewPrices(api, { provider, measurements: [work] }),
  },
  makeQuote: { quote: ({ api }) => sdk.quote(api, { provider, account, ...work }) },
  reportUtilisation: {
    reportUtilisation: ({ api }) =>
      sdk.reportUtilisation(api, { meter: "requests", utilisationBps: 1n }),
  },
  listDynamicRates: { readDynamicRates: ({ api }) => sdk.readDynamicRates(api, { provider }) },
  listMultiplierSteps: {
    readMultiplierSteps: ({ api }) => sdk.readMultiplierSteps(api, { provider, rateKey: "a" }),
  },
  createWebhook: {
    createWebhook: ({ api }) => {
      const owner = { party: "operator" } as const;
      const url = "https://receiver.example";
      return sdk.createWebhook(api, { owner, url, events: ["checkpoint.final"] });
    },
  },
  listWebhooks: { readWebhooks: ({ api }) => sdk.readWebhooks(api, { party: "operator" }) },
  updateWebhook: { updateWebhook: ({ api }) => sdk.updateWebhook(api, { id: ID, enabled: false }) },
  deleteWebhook: { deleteWebhook: ({ api }) => sdk.deleteWebhook(api, { id: ID }) },
  rotateWebhookSecret: {
    rotateWebhookSecret: ({ api }) => sdk.rotateWebhookSecret(api, { id: ID }),
  },
  listWebhookDeliveries: { readDeliveries: ({ api }) => sdk.readDeliveries(api, { id: ID }) },
  replayWebhook: {
    replayWebhook: ({ api }) => sdk.replayWebhook(api, { id: ID, since: new Date(0) }),
  },
  testWebhook: { testWebhook: ({ api }) => sdk.testWebhook(api, { id: ID }) },
};

/** Waits for the first event; the watch tries once. */
async function watchOnce(api: sdk.Api, watched: sdk.Watched): Promise<unknown> {
  const retries = { ...sdk.DEFAULT_RETRIES, tries: 1 };
  return await sdk.watch(api.url, watched, { retries }).next();
}
