import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";

import { type Hex, bytesToHex, maxUint64, numberToHex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";

import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { createPromotionCode } from "@compute-credits/client/wallet/promotionCode";
import { allowanceTypedData, scopeHash } from "@compute-credits/protocol/messages/allowance";
import { providerKeyTypedData } from "@compute-credits/protocol/messages/providerKey";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { testDollarAbi } from "@compute-credits/protocol/abi/testDollar";
import { HARDHAT_CHAIN } from "../../scripts/local/hardhatChain.ts";
import { wallets } from "../../scripts/local/wallets.ts";
import { PROVIDER } from "../ledger/parties.ts";
import { type Request, type Work, get, post, usageOf } from "./requests.ts";
import { ATTACKER, type HostileRig, spenderOf } from "./rig.ts";

export interface Attack {
  readonly name: string;
  /** what strangers do is held to the target; what somebody with a key does is reported */
  readonly isTarget: boolean;
  readonly work: Work;
  /** beside the requests, as often as it ends */
  readonly onChain?: () => Promise<void>;
}

const CLIENTS = 8;
const NO_SCOPE = { providers: [], meters: [] };
const SCOPE = scopeHash(NO_SCOPE);

/** Every attack. Those that sign much are prepared here, before the clock runs. */
export async function prepareAttacks(rig: HostileRig): Promise<readonly Attack[]> {
  const { attackerKey, honestKey, chain } = rig;
  const byStranger = (name: string, requests: readonly Request[], clients = CLIENTS): Attack => ({
    name,
    isTarget: true,
    work: { kind: "requests", requests, clients, perSecond: null },
  });
  const byKey = (name: string, requests: readonly Request[], clients = CLIENTS): Attack => ({
    ...byStranger(name, requests, clients),
    isTarget: false,
  });
  const apiKeys = Array.from({ length: 500 }, () => createApiKey());
  const allowance = post("/v1/allowances", await signedAllowance(rig, wallets.alice.account));
  const id = await idOf(rig, allowance);

  return [
    byStranger("gzip_bombs", [gzipBomb()]),
    byStranger("large_bodies_without_key", [post("/v1/usage", Array(100_000).fill(0))]),
    {
      name: "half_open_connections",
      isTarget: true,
      work: { kind: "half_open", clients: CLIENTS, perSecond: 400 },
    },
    byStranger(
      "revocations_of_no_access",
      apiKeys.map((apiKey) =>
        post("/v1/provider-access/revocation", { provider: PROVIDER, apiKey }),
      ),
    ),
    byStranger("replayed_allowance", [allowance]),
    byStranger(
      "unknown_codes",
      apiKeys.map((apiKey) =>
        post(`/v1/allowances/${id}/redemptions`, {
          code: createPromotionCode(),
          spender: apiKeySpender(apiKey),
        }),
      ),
    ),
    byStranger(
      "usage_without_access",
      apiKeys.map((_, n) => post("/v1/usage", usageOf(ATTACKER, spenderOf(n)), attackerKey)),
    ),
    byStranger("repeated_events", [
      post("/v1/usage", usageOf(ATTACKER, spenderOf(1), "again"), attackerKey),
    ]),
    byStranger("allowances_of_empty_accounts", await emptyAllowances(rig, 800)),
    byStranger("self_registered_providers", await newProviders(rig, 200)),
    byStranger("lists_of_large_answers", [
      get("/v1/rate-cards?limit=100"),
      get("/v1/checkpoints?limit=100"),
      get(`/v1/allowances/${id}/grants?limit=1000`),
      get(`/v1/accounts/${numberToHex(1, { size: 20 })}/allowances?limit=1000`),
    ]),
    byStranger("year_of_earnings_by_12", [yearOfEarnings()], 12),
    byKey("year_of_earnings_by_12_with_key", [yearOfEarnings(honestKey)], 12),
    byStranger("holds_of_nothing", [post("/v1/holds", holdOf("0"), attackerKey)]),
    byKey("holds_by_one_provider", [post("/v1/holds", holdOf("1"), honestKey)]),
    byStranger("signature_checks", await badSignatures(500)),
    {
      ...byStranger("reports_after_transfers", [get("/v1/report")]),
      onChain: () => sendDollar(chain),
    },
    byStranger("prices", [
      post("/v1/prices", {
        provider: PROVIDER,
        measurements: Array.from({ length: 1_000 }, () => ({ meter: "units", quantity: "3" })),
      }),
    ]),
  ];
}

/** 4 million zeros in a few kilobytes. */
function gzipBomb(): Request {
  const body = `{"allowance":{},"scope":{"providers":[${"0,".repeat(4_000_000)}0],"meters":[]}}`;
  return {
    method: "POST",
    path: "/v1/allowances",
    headers: { "content-type": "application/json", "content-encoding": "gzip" },
    bytes: gzipSync(body).toString("base64"),
  };
}

async function signedAllowance(
  { chain }: HostileRig,
  account: ReturnType<typeof privateKeyToAccount>,
  spender: Hex = apiKeySpender(createApiKey()),
) {
  const message = {
    account: account.address,
    spender,
    limit: maxUint64,
    period: 0n,
    rollover: 0n,
    startsAt: 0n,
    expiresAt: 0n,
    priority: 0,
    scope: SCOPE,
    accountCap: maxUint64,
    counter: 0n,
    salt: 1n,
  };
  const signature = await account.signTypedData(allowanceTypedData(chain.deployment, message));
  return { allowance: message, scope: NO_SCOPE, signature };
}

async function idOf({ url }: HostileRig, { path, headers, body }: Request): Promise<string> {
  const answer = await fetch(new URL(path, url), {
    method: "POST",
    headers: headers ?? {},
    body: body ?? "",
  });
  const document: unknown = await answer.json();
  if (typeof document !== "object" || document === null || !("id" in document)) {
    throw new Error(`the allowance was answered ${answer.status}: ${JSON.stringify(document)}`);
  }
  return String(document.id);
}

/** Allowances for the honest spenders, of accounts that never bought anything. */
async function emptyAllowances(rig: HostileRig, count: number): Promise<Request[]> {
  const requests: Request[] = [];
  for (let n = 0; n < count; n++) {
    const account = privateKeyToAccount(generatePrivateKey());
    // oxlint-disable-next-line no-await-in-loop -- signing is one processor's work anyway
    requests.push(post("/v1/allowances", await signedAllowance(rig, account, spenderOf(n))));
  }
  return requests;
}

/** Providers that register themselves, and publish a large card each. */
async function newProviders({ chain }: HostileRig, count: number): Promise<Request[]> {
  const rates = Array.from({ length: 500 }, (_, n) => ({
    meter: `meter-${n}`,
    dimensions: { region: "somewhere" },
    microCredits: "1",
    perUnits: "1",
  }));
  const requests: Request[] = [];
  for (let n = 0; n < count; n++) {
    const account = privateKeyToAccount(generatePrivateKey());
    const key = createApiKey();
    const message = { provider: account.address, keyHash: apiKeySpender(key) };
    // oxlint-disable-next-line no-await-in-loop -- signing is one processor's work anyway
    const signature = await account.signTypedData(providerKeyTypedData(chain.deployment, message));
    requests.push(post("/v1/provider-keys", { ...message, signature }));
    requests.push(post("/v1/rate-cards", { rates }, key));
  }
  return requests;
}

/** Signatures that no key made, so that the chain is asked whether a wallet did. */
function badSignatures(count: number): Promise<Request[]> {
  return Promise.resolve(
    Array.from({ length: count }, () =>
      post("/v1/provider-keys", {
        provider: bytesToHex(randomBytes(20)),
        keyHash: bytesToHex(randomBytes(32)),
        signature: `${bytesToHex(randomBytes(32))}${"11".repeat(32)}1b`,
      }),
    ),
  );
}

function yearOfEarnings(key?: string): Request {
  const to = new Date();
  const from = new Date(to.getTime() - 365 * 86_400_000);
  const range = `from=${from.toISOString()}&to=${to.toISOString()}`;
  return get(`/v1/providers/${PROVIDER}/earnings?groupBy=day&${range}`, key);
}

const holdOf = (quantity: string) => ({
  id: "{id}",
  spender: spenderOf(1),
  meter: "units",
  quantity,
  ttlSeconds: 60,
});

/** Sends one unit of the token to the vault, which explains itself in the next report. */
async function sendDollar(chain: HostileRig["chain"]): Promise<void> {
  const { bob } = wallets;
  const hash = await chain.as(bob).wallet.writeContract({
    address: chain.token,
    abi: testDollarAbi,
    functionName: "mint",
    args: [chain.contract, 1n],
    account: bob.account,
    chain: HARDHAT_CHAIN,
  });
  await chain.client.waitForTransactionReceipt({ hash });
}
