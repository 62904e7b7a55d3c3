import { expect } from "chai";
import {
  UserRejectedRequestError,
  createPublicClient,
  createWalletClient,
  custom,
  http,
  zeroAddress,
} from "viem";
import { hardhat } from "viem/chains";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";

import * as sdk from "@compute-credits/client/index";
import { DEFAULT_RETRIES } from "@compute-credits/client/http/retries";

const { CreditsError } = sdk;

/** Exports that do not fail, give a finding instead, or only prepare what others do. */
const NO_ACTIONS: ReadonlySet<string> = new Set([
  "ApiProblem",
  "CreditsError",
  "copyText",
  "createMemoryCopies",
  "apiKeySpender",
  "createApiKey",
  "createIssuingKey",
  "createMeteringClient",
  "createPromotionCode",
  "createProviderKey",
  "createReadAccess",
  "createServerAnswers",
  "createViewKey",
  "decodeRevert",
  "formatCredits",
  // Fails as what it reads does.
  "pages",
  "parseCredits",
  "scopeHash",
  "shortageOf",
  "toCreditsError",
  "verifyAccount",
  "walletSpender",
]);

const WORD = `0x${"ab".repeat(32)}` as const;
const account = zeroAddress;
const party = zeroAddress;
const deployment = { chainId: 31337, contract: zeroAddress };
const row = { party, spent: 0n, refunded: 0n, earned: 0n };
const work = { meter: "requests", quantity: 1 };

/** A chain whose endpoint does not answer. */
const client = createPublicClient({
  transport: http("http://127.0.0.1:1", { retryCount: 0 }),
});

/** A wallet whose user declines whatever it is asked. */
const wallet = createWalletClient({
  account: zeroAddress,
  chain: hardhat,
  transport: custom({
    request: async ({ method }) => {
      if (method === "eth_chainId") return "0x7a69";
      throw new UserRejectedRequestError(new Error("no"));
    },
  }),
});
const on = { client, contract: zeroAddress, lens: zeroAddress };
const connection = { ...on, wallet };
const signing = { wallet, deployment };

// Nothing listens at port 1.
const once = { retries: { ...DEFAULT_RETRIES, tries: 1 } };
const api = sdk.createApi("http://127.0.0.1:1", once);

const unreachable: Readonly<Record<string, () => Promise<unknown>>> = {
  accept: () => sdk.accept(api, { account }),
  capture: () => sdk.capture(api, { id: "a", eventId: "b", quantity: 1 }),
  claimAccess: () => sdk.claimAccess(api, { apiKey: sdk.createApiKey() }),
  downloadTable: () => sdk.downloadTable(api.url, 1n),
  endAcceptance: () => sdk.endAcceptance(api, { account }),
  explain: () => sdk.explain(api, { provider: account, eventId: ".." }),
  hold: () => sdk.hold(api, { id: "a", spender: WORD, ...work, ttlSeconds: 1 }),
  labelKey: () => sdk.labelKey(api, { keyHash: WORD, label: "a" }),
  openSession: () => sdk.openSession(api, wallet),
  postAllowance: () => sdk.postAllowance(api, signedAllowance()),
  preview: () => sdk.preview(api, { measurements: [work] }),
  previewPrices: () => sdk.previewPrices(api, { provider: account, measurements: [work] }),
  quote: () => sdk.quote(api, { provider: account, account, ...work }),
  readActs: () => sdk.readActs(api, { account }),
  readAllowances: () => sdk.readAllowances(api, { account }),
  readBalance: () => sdk.readBalance(api, { account }),
  readBudgets: () => sdk.readBudgets(api, { account }),
  readCapProof: () => sdk.readCapProof(api, { account }),
  readDeployment: () => sdk.readDeployment(api),
  waitForBlock: () => sdk.waitForBlock(api, { account, blockNumber: 1n }),
  readDebits: () => sdk.readDebits(api, { account }),
  readEarnings: () => sdk.readEarnings(api, { provider: account }),
  readHold: () => sdk.readHold(api, { id: "a" }),
  readKeys: () => sdk.readKeys(api),
  readMe: () => sdk.readMe(api),
  readOffers: () => sdk.readOffers(api, { spender: WORD }),
  readProof: () => sdk.readProof(api, { party }),
  readProviderStatement: () => sdk.readProviderStatement(api, { provider: account }),
  readReceipt: () => sdk.readReceipt(api),
  readRunway: () => sdk.readRunway(api, { account }),
  readSessions: () => sdk.readSessions(api),
  readStatement: () => sdk.readStatement(api, { account }),
  readStatementCsv: () => sdk.readStatementCsv(api, { account }),
  readUsageSums: () => sdk.readUsageSums(api, { account }),
  redeem: () => sdk.redeem(api, { campaign: WORD, code: "a code" }),
  release: () => sdk.release(api, { id: "a" }),
  reportUsage: () => sdk.reportUsage(api, { events: [] }),
  revokeGrant: () => sdk.revokeGrant(api, { grant: WORD }),
  revokeKey: () => sdk.revokeKey(api, { keyHash: WORD }),
  revokeSession: () => sdk.revokeSession(api, { id: "current" }),
  revokeSessions: () => sdk.revokeSessions(api),
  rotateKey: () => sdk.rotateKey(api, { keyHash: WORD, by: WORD }),
  settle: () => sdk.settle(connection, api),
  takeReceipt: () => sdk.takeReceipt(api),
  voidEvent: () => sdk.voidEvent(api, { eventId: "a" }),
  watch: () => sdk.watch(api.url, { checkpoints: true }, once).next(),
};

const declined: Readonly<Record<string, () => Promise<unknown>>> = {
  addProviderKey: () => sdk.addProviderKey(api, signing),
  addViewKey: () => sdk.addViewKey(api, { account, expiresAt: 1n, by: signing }),
  allow: () => sdk.allow(api, signing, allowanceOptions),
  exit: () => sdk.exit(connection, row, []),
  exitWithoutProof: () => sdk.exitWithoutProof(connection, party),
  freeze: () => sdk.freeze(connection, account),
  requestRefund: () => sdk.requestRefund(connection, 1n),
  revoke: () => sdk.revoke(api, signing, { allowance: WORD }),
  revokeAll: () => sdk.revokeAll(connection),
  revokeViewKey: () => sdk.revokeViewKey(api, signing, { keyHash: WORD }),
  settleRow: () => sdk.settleRow(connection, { row, epoch: 1n, proof: [] }),
  signAcceptance: () => sdk.signAcceptance(wallet, deployment, { account }),
  signAllowance: () => sdk.signAllowance(wallet, deployment, allowanceOptions),
  signCampaignAccess: () => sdk.signCampaignAccess(wallet, deployment, 1n),
  signIn: () => sdk.signIn(wallet, { url: api.url, nonce: "0123456789abcdef", chainId: 1 }),
  signIssuingKey: () => sdk.signIssuingKey(wallet, deployment, { key: "ccik_a", counter: 0n }),
  signIssuingKeyRevocation: () =>
    sdk.signIssuingKeyRevocation(wallet, deployment, { keyHash: WORD, revokesGrants: false }),
  signLogAccess: () => sdk.signLogAccess(wallet, deployment, 1n),
  signProviderApproval: () =>
    sdk.signProviderApproval(wallet, deployment, {
      provider: account,
      approved: true,
      issuedAt: 1n,
    }),
  signRevocation: () => sdk.signRevocation(wallet, deployment, WORD),
  signViewKey: () => sdk.signViewKey(wallet, deployment, { key: "ccvk_a", expiresAt: 1n }),
  signViewKeyRevocation: () => sdk.signViewKeyRevocation(wallet, deployment, WORD),
};

const withoutChain: Readonly<Record<string, () => Promise<unknown>>> = {
  answerChallenge: () => sdk.answerChallenge(connection, api, { account, challenger: account }),
  challenge: () => sdk.challenge(connection, api),
  buy: () => sdk.buy(connection, { account, creditMicros: 1n }),
  createCourt: () => sdk.createCourt(connection),
  readAccount: () => sdk.readAccount(on, account),
  readChainFacts: () => sdk.readChainFacts(on, account),
  readCheckpoints: () => sdk.readCheckpoints(on, 1n),
  readClaim: () => sdk.readClaim(on, row),
  readCounter: () => sdk.readCounter(on, account),
  readPurchases: () => sdk.readPurchases(on, account, 1n),
  readVault: () => sdk.readVault(on),
};

const unusable: Readonly<Record<string, () => Promise<unknown>>> = {
  createApi: async () => sdk.createApi("meter.example"),
  parseCopy: async () => sdk.parseCopy("{}"),
};

const allowanceOptions = { spender: WORD, limitMicros: 1n, counter: 0n };

function signedAllowance(): sdk.SignedAllowance {
  const allowance = {
    account,
    spender: WORD,
    limit: 1n,
    period: 0n,
    rollover: 0n,
    startsAt: 0n,
    expiresAt: 0n,
    priority: 1,
    scope: WORD,
    accountCap: 1n,
    counter: 0n,
    salt: 1n,
  };
  return { allowance, scope: { providers: [], meters: [] }, signature: "0x00" };
}

async function failureOf(action: () => Promise<unknown>): Promise<unknown> {
  return await action().then(
    () => "nothing",
    (error: unknown) => error,
  );
}

describe("every action of the SDK that fails throws a CreditsError", () => {
  for (const [reason, actions] of [
    ["server_unreachable", unreachable],
    ["wallet_declined", declined],
    ["chain_unreachable", withoutChain],
    ["invalid_input", unusable],
  ] as const) {
    for (const [name, action] of Object.entries(actions)) {
      it(`${name}: ${reason}`, async () => {
        const error = await failureOf(action);
        if (!(error instanceof CreditsError)) throw new Error(String(error), { cause: error });
        expect(error.reason).to.equal(reason);
        expect(error.next).to.be.a("string");
        expect(error.cause).to.be.an("error");
      });
    }
  }

  it("has no other exports that are functions", () => {
    const functions = Object.entries(sdk)
      .filter(([name, value]) => typeof value === "function" && !NO_ACTIONS.has(name))
      .map(([name]) => name);
    const tried = [unreachable, declined, withoutChain, unusable].flatMap(Object.keys);
    expect(functions.toSorted()).to.deep.equal(tried.toSorted());
  });

  it("says that a wallet failed, with its own error as the cause", async () => {
    const broken = privateKeyToAccount(generatePrivateKey());
    const cause = new Error("the device is locked");
    const locked = createWalletClient({
      account: { ...broken, signTypedData: () => Promise.reject(cause) },
      transport: custom({ request: () => Promise.reject(new Error("down")) }),
    });
    const error = await failureOf(() => sdk.signRevocation(locked, deployment, WORD));
    expect(error).to.include({ name: "CreditsError", reason: "wallet_failed", cause });
  });

  it("says which argument cannot be used, before anything is signed", async () => {
    const period = { months: 0 };
    const months = await failureOf(() =>
      sdk.signAllowance(wallet, deployment, { ...allowanceOptions, period }),
    );
    expect(months).to.include({ name: "CreditsError", reason: "invalid_input" });
    const from = new Date(Number.NaN);
    const range = await failureOf(() => sdk.readStatement(api, { account, from }));
    expect(range).to.include({ name: "CreditsError", reason: "invalid_input" });
  });
});
