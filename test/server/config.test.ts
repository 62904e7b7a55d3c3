import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { pad } from "viem";

import { readConfig } from "../../server/config.ts";
import { ConfigError } from "@compute-credits/platform/process/environment";

const key = pad("0x2a");
const least = {
  RPC_URL: "http://127.0.0.1:8545",
  CONTRACT_ADDRESS: "0xc0FFee0000000000000000000000000000000000",
};

function mistakesOf(env: Record<string, string | undefined>): string[] {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const [head, ...mistakes] = error.message.split("\n");
    expect(head).to.equal("the configuration is not usable:");
    return mistakes.map((line) => line.replace("  - ", ""));
  }
}

const TOGETHER =
  "SIGNER_PRIVATE_KEYS and SETTLER_PRIVATE_KEY (or their files, or services) go together: set both to settle, or neither";

describe("readConfig", () => {
  it("refuses an address whose checksum is wrong: a typo must not become another contract", () => {
    const CONTRACT_ADDRESS = "0xC0ffEE0000000000000000000000000000000000";
    expect(mistakesOf({ ...least, CONTRACT_ADDRESS })).to.deep.equal([
      "CONTRACT_ADDRESS must be an address: 0x and 40 hex digits, in lower case or with the right checksum",
    ]);
  });

  it("refuses a sweeper without a contract, and one key for two wallets", () => {
    const wallet = `0x${"12".repeat(32)}`;
    const needed = { RPC_URL: "http://127.0.0.1:1", CONTRACT_ADDRESS: `0x${"ab".repeat(20)}` };
    expect(() => readConfig({ ...needed, SWEEPER_PRIVATE_KEY: wallet })).to.throw(
      "SWEEPER_PRIVATE_KEY needs DEPOSIT_ADDRESSES",
    );
    const deposits = { DEPOSIT_ADDRESSES: `0x${"cd".repeat(20)}` };
    expect(() =>
      readConfig({
        ...needed,
        ...deposits,
        SWEEPER_PRIVATE_KEY: wallet,
        KEEPER_PRIVATE_KEY: wallet,
      }),
    ).to.throw("must differ");
  });

  it("needs an endpoint and a contract, and has a default for all else", () => {
    const { rateCardFile, dashboard, ...config } = readConfig(least);
    expect(rateCardFile).to.match(/config\/rate-card\.json$/);
    expect(dashboard.folder).to.match(/dashboard\/dist\/production$/);
    expect(dashboard.rpcUrls).to.deep.equal([]);
    expect(config).to.deep.equal({
      rpcUrls: ["http://127.0.0.1:8545"],
      contract: "0xc0ffee0000000000000000000000000000000000",
      deploymentBlock: null,
      database: { folder: ".data/server" },
      reads: { connections: 4, timeoutMs: 10_000, waiting: 100 },
      publicShare: { percent: 15, waiting: 1_000 },
      chainCalls: { open: 32, perSecond: 20 },
      host: "127.0.0.1",
      port: 8080,
      connectionsPerAddress: 1_000,
      trustedProxies: [],
      rateLimits: {
        providerPoints: 100_000,
        credentialPoints: 2_000,
        addressPoints: 2_000,
        sensitiveRequests: 60,
      },
      idempotency: { keepSeconds: 86_400, maxKeys: 10_000 },
      publicOrigins: [],
      allowedOrigins: [],
      sessionSeconds: 604_800,
      confirmations: 12n,
      rpcTimeoutMs: 10_000,
      blocksPerRequest: 2_000n,
      pollMs: 4_000,
      chainStallSeconds: 900,
      feeBps: 0n,
      attestation: null,
      settlement: null,
      purchases: {
        depositAddresses: null,
        sweeper: null,
        sweepWorthMicros: 1_000_000n,
        maxDepositWatches: 10_000,
        keeper: null,
        topUpWorthMicros: 1_000_000n,
        bumpAfterMs: 60_000,
        maxFeePerGas: 500_000_000_000n,
      },
      journalFolder: ".data/signing",
      refundAlarmSeconds: null,
      signatureAlarmSeconds: 900,
      auditorUrls: [],
      quoteKey: null,
      webhooks: { keys: [], networks: [], most: 10_000, keepSeconds: 2_592_000 },
      auditors: [],
      operators: [],
      issuers: [],
      lens: null,
      limits: {
        maxBatchEvents: 5_000,
        maxBodyBytes: 8_388_608,
        maxEventAgeSeconds: 3_024_000,
        maxEventAheadSeconds: 300,
        maxRatesPerCard: 500,
        maxTiersPerRate: 20,
        rateCardNoticeSeconds: 300,
        maxRateCardAheadSeconds: 31_622_400,
        maxPendingRateCards: 10,
        maxPriceMeasurements: 1_000,
        maxHoldSeconds: 3_600,
        maxOpenHolds: 1_000,
        maxQuoteSeconds: 3_600,
        maxEventIdLength: 128,
        maxDimensions: 16,
        maxDimensionValueLength: 64,
        maxScopeNames: 100,
        maxGrantsPerRequest: 1_000,
        maxGrantsPerCampaign: 1_000_000,
        maxAccountsPerSpender: 32,
        maxAllowancesPerPair: 100,
        maxAllowancesPerAccount: 10_000,
        maxOffersPerAccount: 1_000,
        maxOfferSeconds: 7_776_000,
      },
      logLevel: "info",
    });
  });

  it("reads the keys of webhooks' secrets from a file, the newest first", async () => {
    const folder = await mkdtemp(join(tmpdir(), "webhook-keys-"));
    const WEBHOOK_KEY_FILE = join(folder, "keys");
    try {
      await writeFile(WEBHOOK_KEY_FILE, `${"0a".repeat(32)}\n${"0b".repeat(32)}\n`);
      const { keys } = readConfig({ ...least, WEBHOOK_KEY_FILE }).webhooks;
      expect(keys).to.deep.equal([Buffer.alloc(32, 10), Buffer.alloc(32, 11)]);
      for (const text of ["", "0a", `${"0a".repeat(32)} ${"0g".repeat(32)}`]) {
        // oxlint-disable-next-line no-await-in-loop -- one file after the other
        await writeFile(WEBHOOK_KEY_FILE, text);
        expect(mistakesOf({ ...least, WEBHOOK_KEY_FILE }), text).to.have.length(1);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
    expect(mistakesOf({ ...least, WEBHOOK_KEY_FILE })).to.have.length(1);
    expect(mistakesOf({ ...least, WEBHOOK_NETWORKS: "10.0.0.0/33" })).to.have.length(1);
  });

  it("limits no requests if the operator switches that off", () => {
    expect(readConfig({ ...least, RATE_LIMITS: "off" }).rateLimits).to.equal(null);
    expect(mistakesOf({ ...least, RATE_LIMITS: "no" })).to.have.length(1);
  });

  it("takes what is set", () => {
    const config = readConfig({
      ...least,
      RPC_URL: "http://one:1, https://two/x ,",
      DATABASE_URL: "postgres://me:secret@db/credits",
      DATABASE_CONNECTIONS: "7",
      SIGNER_PRIVATE_KEYS: `${key}, ${pad("0x2b")}`,
      SETTLER_PRIVATE_KEY: key,
      SETTLE_INTERVAL_SECONDS: "5",
      FEE_BPS: "200",
      CONFIRMATIONS: "0",
    });
    expect(config).to.deep.include({
      rpcUrls: ["http://one:1", "https://two/x"],
      database: { url: "postgres://me:secret@db/credits", connections: 7 },
      settlement: {
        signers: [{ privateKey: key }, { privateKey: pad("0x2b") }],
        settler: { privateKey: key },
        intervalSeconds: 5,
        abandonAfterSeconds: 3_600,
        worthMicros: null,
        recordWorthMicros: 500_000n,
        writeOffAccount: null,
        bumpAfterMs: 60_000,
        maxFeePerGas: 500_000_000_000n,
      },
      feeBps: 200n,
      confirmations: 0n,
    });
  });

  it("takes an empty variable for one that is not set", () => {
    expect(readConfig({ ...least, DATABASE_URL: "", PORT: "" }).port).to.equal(8080);
    expect(mistakesOf({ ...least, RPC_URL: "" })).to.have.length(1);
  });

  it("names every mistake at once", () => {
    const mistakes = mistakesOf({
      CONTRACT_ADDRESS: "0x12",
      DATABASE_URL: "mysql://db",
      PORT: "80a",
      FEE_BPS: "10001",
      CONFIRMATIONS: "-1",
      MAX_BODY_BYTES: "1e6",
      SIGNER_PRIVATE_KEYS: "0x1234",
      LOG_LEVEL: "loud",
      TRUSTED_PROXIES: "10.0.0.0/8, proxy.example",
      DEPLOYMENT_BLOCK: "0",
    });
    expect(mistakes.map((line) => line.slice(0, line.indexOf(" ")))).to.have.members([
      "CONFIRMATIONS",
      "CONTRACT_ADDRESS",
      "DATABASE_URL",
      "DEPLOYMENT_BLOCK",
      "FEE_BPS",
      "LOG_LEVEL",
      "MAX_BODY_BYTES",
      "PORT",
      "RPC_URL",
      "SIGNER_PRIVATE_KEYS",
      "SIGNER_PRIVATE_KEYS",
      "TRUSTED_PROXIES",
    ]);
    expect(mistakes).to.include("PORT must be a whole number, in digits");
    expect(mistakes).to.include(
      "RPC_URL is missing: the chain's JSON-RPC endpoint, or several separated by commas",
    );
    expect(mistakes).to.include(TOGETHER);
  });

  for (const [what, fields] of [
    ["signers without a settler", { SIGNER_PRIVATE_KEYS: key }],
    ["a settler without signers", { SETTLER_PRIVATE_KEY: key }],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(mistakesOf({ ...least, ...fields })).to.deep.equal([TOGETHER]);
    });
  }

  for (const [what, secret] of [
    ["too long", `${key}00`],
    ["no hex", key.replace("0x", "0y")],
    ["a digit short", key.slice(0, -1)],
    ["zero, which no wallet has", pad("0x00")],
    ["beyond the curve's order", pad("0x", { size: 32 }).replaceAll("0", "f").replace("fx", "0x")],
  ] as const) {
    it(`refuses a private key that is ${what}, without repeating it`, () => {
      const mistakes = mistakesOf({
        ...least,
        SIGNER_PRIVATE_KEYS: secret,
        SETTLER_PRIVATE_KEY: key,
      });
      expect(mistakes).to.deep.equal([
        "SIGNER_PRIVATE_KEYS must be a private key: 0x and 64 hex digits",
      ]);
    });
  }

  it("takes origins without a path, over TLS except on this machine", () => {
    const origins = "https://meter.example, http://localhost:8080,https://B.example:8443";
    expect(readConfig({ ...least, PUBLIC_URLS: origins }).publicOrigins).to.deep.equal([
      "https://meter.example",
      "http://localhost:8080",
      "https://b.example:8443",
    ]);
    for (const wrong of [
      "http://meter.example",
      "https://meter.example/",
      "https://meter.example/path",
      "https://user@meter.example",
      "https://meter.example?a=1",
      "*",
      "null",
      "file:///a",
    ]) {
      expect(mistakesOf({ ...least, ALLOWED_ORIGINS: wrong }), wrong).to.deep.equal([
        "ALLOWED_ORIGINS must be https origins like https://meter.example, without a path",
      ]);
    }
  });
});
