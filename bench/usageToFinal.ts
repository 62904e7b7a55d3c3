/**
 * `npm run bench:final`: seconds from a debit until the server sees its checkpoint as final. Runs
 * on a local chain with one block per second, with several configurations.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { pino } from "pino";
import { createTestClient, http, maxUint64 } from "viem";
import { hardhat } from "viem/chains";

import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { createMeteringClient } from "@compute-credits/client/http/meteringClient";
import { signAllowance } from "@compute-credits/client/wallet/signedAllowance";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { eventually } from "../scripts/local/eventually.ts";
import { wallets } from "../scripts/local/wallets.ts";
import { contractAt } from "../test/fixtures/localContract.ts";
import { startLocalStack } from "../scripts/local/localStack.ts";
import { addressOf, cloudEvent } from "../test/fixtures/meteredStack.ts";
import { providerKeyTypedData } from "@compute-credits/protocol/messages/providerKey";

const { alice, provider } = wallets;
const BLOCK_SECONDS = 1;

/** All other settings are those of the local chain. */
const CONFIGURATIONS = [
  { confirmations: 0, disputeWindowSeconds: 5, intervalSeconds: 1 },
  { confirmations: 3, disputeWindowSeconds: 5, intervalSeconds: 1 },
  { confirmations: 0, disputeWindowSeconds: 10, intervalSeconds: 1 },
];

for (const configuration of CONFIGURATIONS) {
  // oxlint-disable-next-line no-await-in-loop -- measurements must not disturb each other
  const { submitted, final } = await measure(configuration);
  const { confirmations, disputeWindowSeconds, intervalSeconds } = configuration;
  console.log(
    `confirmations ${confirmations}, dispute window ${disputeWindowSeconds} s, ` +
      `interval ${intervalSeconds} s, blocks of ${BLOCK_SECONDS} s: ` +
      `submitted and confirmed after ${submitted.toFixed(1)} s, final after ${final.toFixed(1)} s`,
  );
}
process.exit();

async function measure({
  confirmations,
  disputeWindowSeconds,
  intervalSeconds,
}: (typeof CONFIGURATIONS)[number]) {
  const dataFolder = await mkdtemp(join(tmpdir(), "compute-credits-bench-"));
  const stack = await startLocalStack({
    chainPort: 0,
    port: 0,
    dataFolder,
    settleIntervalSeconds: intervalSeconds,
    feeBps: 0,
    log: pino({ level: "silent" }),
    terms: { disputeWindowSeconds },
    environment: { CONFIRMATIONS: `${confirmations}` },
  });
  try {
    const local = contractAt(stack.rpcUrl, stack.contract, stack.token);
    const chain = createTestClient({
      chain: hardhat,
      mode: "hardhat",
      transport: http(stack.rpcUrl),
    });
    await chain.setIntervalMining({ interval: BLOCK_SECONDS });
    const { accounts, checkpoints } = stack.server.context;
    await local.buy(alice, 1_000_000n);
    await eventually(
      "the purchase",
      async () => (await accounts.balance(addressOf(alice))).purchased > 0n,
    );

    const [key, apiKey] = [createApiKey(), createApiKey()];
    const message = { provider: addressOf(provider), keyHash: apiKeySpender(key) };
    const metering = createMeteringClient(stack.server.url, { key });
    await fetch(new URL("/v1/provider-keys", stack.server.url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        ...message,
        signature: await provider.account.signTypedData(
          providerKeyTypedData(local.deployment, message),
        ),
      }),
    });
    await metering.addAllowance(
      await signAllowance(local.as(alice).wallet, local.deployment, {
        spender: apiKeySpender(apiKey),
        limitMicros: maxUint64,
        accountCapMicros: maxUint64,
        counter: 0n,
      }),
      { apiKey },
    );
    await metering.claimAccess(apiKey);
    const start = performance.now();
    const since = () => (performance.now() - start) / 1000;
    const response = await fetch(new URL("/v1/usage", stack.server.url), {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
      body: JSON.stringify(cloudEvent(apiKeySpender(apiKey))),
    });
    if (response.status !== 201) throw new Error(`usage was answered ${response.status}`);

    await eventually("the submission", async () => (await checkpoints.byEpoch(1n))?.finalAt);
    const submitted = since();
    await eventually("finality", async () => await checkpoints.latestFinal());
    return { submitted, final: since() };
  } finally {
    await stack.stop();
    await rm(dataFolder, { recursive: true, force: true });
  }
}
