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
import { CALLS } from "./calls.ts";

const { CreditsError } = sdk;

/** Exports that do not fail, give a finding instead, or only prepare what others do. */
const NO_ACTIONS: ReadonlySet<string> = new Set([
  "ApiProblem",
  "CreditsError",
  "copyText",
  "createMemoryCopies",
  "apiKeySpender",
  "attestationNonce",
  "createApiKey",
  "createIssuingKey",
  "createMeteringClient",
  "createPromotionCode",
  "createProviderKey",
  "createReadAccess",
  "createServerAnswers",
  "createViewKey",
  "decodeRevert",
  "depositAddressOf",
  "formatCredits",
  // Fails as what it reads does.
  "pages",
  "parseCredits",
  "promotionCodeHash",
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
const on = {
  client,
  contract: zeroAddress,
  lens: zeroAddress,
  depositAddresses: zeroAddress,
};
const connection = { ...on, wallet };
const signing = { wallet, deployment };
const topUpPolicy = {
  account,
  payer: account,
  keeper: account,
  creditMicrosPerTopUp: 1n,
  maxCreditMicrosPerPeriod: 1n,
  periodSeconds: 0n,
  startsAt: 0n,
  expiresAt: 1n,
  salt: 1n,
};

// Nothing listens at port 1.
const once = { retries: { ...DEFAULT_RETRIES, tries: 1 } };
const api = sdk.createApi("http://127.0.0.1:1", once);

/** Actions that ask a wallet before a server. */
const WALLET_FIRST: ReadonlySet<string> = new Set([
  "addIssuingKey",
  "addProviderKey",
  "addViewKey",
  "allow",
  "approveProvider",
  "addMeterKey",
  "revokeMeterKey",
  "publishProfile",
  "revokeAccess",
  "revokeIssuingKey",
  "revokeProviderKey",
  "revokeViewKey",
]);

/** Those of the routes, each once. */
const ofRoutes = Object.fromEntries(
  Object.values(CALLS).flatMap((call) => (typeof call === "string" ? [] : Object.entries(call))),
);
const ofRoutesThat = (isWalletFirst: boolean) =>
  Object.fromEntries(
    Object.entries(ofRoutes)
      .filter(([name]) => WALLET_FIRST.has(name) === isWalletFirst)
      .map(([name, call]) => [name, () => call({ api, signing })]),
  );

const unreachable: Readonly<Record<string, () => Promise<unknown>>> = {
  ...ofRoutesThat(false),
  postAllowance: () => sdk.postAllowance(api, signedAllowance()),
  readStatementCsv: () => sdk.readStatementCsv(api, { account }),
  settle: () => sdk.settle(connection, api),
  waitForBlock: () => sdk.waitForBlock(api, { account, blockNumber: 1n }),
};

const declined: Readonly<Record<string, () => Promise<unknown>>> = {
  ...ofRoutesThat(true),
  exit: () => sdk.exit(connection, row, []),
  sweepDeposit: () => sdk.sweepDeposit(connection, account),
  withdrawDeposit: () =>
    sdk.withdrawDeposit(connection, { token: zeroAddress, to: account, amount: 1n }),
  exitWithoutProof: () => sdk.exitWithoutProof(connection, party),
  freeze: () => sdk.freeze(connection, account),
  requestRefund: () => sdk.requestRefund(connection, 1n),
  revoke: () => sdk.revoke(api, signing, { allowance: WORD }),
  revokeAll: () => sdk.revokeAll(connection),
  settleRow: () => sdk.settleRow(connection, { row, epoch: 1n, proof: [] }),
  signAcceptance: () => sdk.signAcceptance(wallet, deployment, { account }),
  signAllowance: () => sdk.signAllowance(wallet, deployment, allowanceOptions),
  signCampaignAccess: () => sdk.signCampaignAccess(wallet, deployment, 1n),
  signIn: () => sdk.signIn(wallet, { url: api.url, nonce: "0123456789abcdef", chainId: 1 }),
  signIssuingKey: () => sdk.signIssuingKey(wallet, deployment, { key: "ccik_a", counter: 0n }),
  signIssuingKeyRevocation: () =>
    sdk.signIssuingKeyRevocation(wallet, deployment, { keyHash: WORD, revokesGrants: false }),
  signLogAccess: () => sdk.signLogAccess(wallet, deployment, 1n),
  signProviderAccess: () => sdk.signProviderAccess(wallet, deployment, account),
  signProviderAccessRevocation: () => sdk.signProviderAccessRevocation(wallet, deployment, account),
  signProviderApproval: () =>
    sdk.signProviderApproval(wallet, deployment, {
      provider: account,
      approved: true,
      issuedAt: 1n,
    }),
  signEvidence: () =>
    sdk.signEvidence(
      {
        address: account,
        signTypedData: () => Promise.reject(new UserRejectedRequestError(new Error("no"))),
      },
      deployment,
      { provider: account, eventId: "event", quantity: 1n },
      { utilisationBps: 1 },
    ),
  signMeterKey: () => sdk.signMeterKey(wallet, deployment, account),
  signMeterKeyRevocation: () => sdk.signMeterKeyRevocation(wallet, deployment, account),
  signProviderProfile: () => sdk.signProviderProfile(wallet, deployment, { name: "North GPU" }),
  signProviderKeyRevocation: () => sdk.signProviderKeyRevocation(wallet, deployment, WORD),
  signRevocation: () => sdk.signRevocation(wallet, deployment, WORD),
  signTopUpPolicy: () =>
    sdk.signTopUpPolicy(wallet, deployment, {
      keeper: account,
      creditMicrosPerTopUp: 1n,
      maxCreditMicrosPerPeriod: 1n,
      periodSeconds: 0n,
      expiresAt: 1n,
    }),
  revokeTopUp: () => sdk.revokeTopUp(connection, topUpPolicy),
  signViewKey: () => sdk.signViewKey(wallet, deployment, { key: "ccvk_a", expiresAt: 1n }),
  signViewKeyRevocation: () => sdk.signViewKeyRevocation(wallet, deployment, WORD),
};

const withoutChain: Readonly<Record<string, () => Promise<unknown>>> = {
  answerChallenge: () => sdk.answerChallenge(connection, api, { account, challenger: account }),
  challenge: () => sdk.challenge(connection, api),
  buy: () => sdk.buy(connection, { account, creditMicros: 1n }),
  createCourt: () => sdk.createCourt(connection),
  planPurchase: () => sdk.planPurchase(on, { payer: account, creditMicros: 1n }),
  readAccount: () => sdk.readAccount(on, account),
  readChainFacts: () => sdk.readChainFacts(on, account),
  readCheckpoints: () => sdk.readCheckpoints(on, 1n),
  readClaim: () => sdk.readClaim(on, row),
  approveTopUps: () => sdk.approveTopUps(connection, 1n),
  readDeposits: () => sdk.readDeposits(on, [account]),
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
