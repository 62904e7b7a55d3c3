/** `npm run credits`: what wallets and providers do, on the local system that `npm start` runs. */
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";

import { parseUnits } from "viem";
import { z } from "zod";

import { DomainJson } from "@compute-credits/protocol/json/domain";
import { ApiProblem, createApi } from "@compute-credits/client/http/api";
import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { buyCredits, requestRefund, settleRow } from "@compute-credits/client/chain/credits";
import type { WalletConnection } from "@compute-credits/client/chain/transact";
import { createMeteringClient } from "@compute-credits/client/http/meteringClient";
import { signAllowance } from "@compute-credits/client/wallet/signedAllowance";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { testDollarAbi } from "@compute-credits/protocol/abi/testDollar";
import { formatCredits, parseCredits } from "@compute-credits/protocol/amounts";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { compressRemotely, startCompressionService } from "./demo/compressionService.ts";
import { localClient, localWallet } from "./local/deployLocal.ts";
import { HARDHAT_CHAIN } from "./local/hardhatChain.ts";
import { type TestWallet, wallets } from "./local/wallets.ts";

const HELP = `npm run credits -- VERB [options]      against the system that npm start runs

  buy       buys --credits for --wallet, with test dollars that it makes for it
  work      gives an API key an allowance of --credits, and lets a provider do one real job for it
  balance   what --wallet has, as the ledger says
  refund    asks --credits of --wallet's unspent credits back
  settle    settles --wallet's row of the last final checkpoint: claims, refunds, synchronises

  --wallet NAME       alice, bob or provider (alice)
  --credits AMOUNT    with at most six decimals (100)
  --server URL        the metering server (http://127.0.0.1:8080)
  --rpc URL           the chain (http://127.0.0.1:8545)
  --help              this text`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    wallet: { type: "string", default: "alice" },
    credits: { type: "string", default: "100" },
    server: { type: "string", default: "http://127.0.0.1:8080" },
    rpc: { type: "string", default: "http://127.0.0.1:8545" },
    help: { type: "boolean", default: false },
  },
});

const VERBS = { buy, work, balance, refund, settle } as const;
const verb = z.enum(["buy", "work", "balance", "refund", "settle"]).safeParse(positionals[0]);
const walletName = z.enum(["alice", "bob", "provider"]).safeParse(values.wallet);

if (values.help || !verb.success || !walletName.success) {
  console.log(HELP);
  process.exitCode = values.help ? 0 : 1;
} else {
  try {
    await VERBS[verb.data](wallets[walletName.data], parseCredits(values.credits));
  } catch (error) {
    const isAnswer = error instanceof ApiProblem || error instanceof RangeError;
    console.error(isAnswer ? error.message : error);
    process.exitCode = 1;
  }
}

async function buy(wallet: TestWallet, creditMicros: bigint): Promise<void> {
  const { client, wallet: signing, contract } = await onChain(wallet);
  const token = await client.readContract({
    address: contract,
    abi: computeCreditsAbi,
    functionName: "token",
  });
  const mint = await signing.writeContract({
    address: token,
    abi: testDollarAbi,
    functionName: "mint",
    args: [wallet.account.address, parseUnits("1000000", 6)],
    account: wallet.account,
    chain: HARDHAT_CHAIN,
  });
  await client.waitForTransactionReceipt({ hash: mint });
  const { receipt, tokenAmount } = await buyCredits(
    { client, wallet: signing, contract },
    { account: wallet.account.address, creditMicros },
  );
  console.log(
    `bought ${formatCredits(creditMicros)} credits for ${formatCredits(tokenAmount)} dollars (gas ${receipt.gasUsed})`,
  );
}

async function work(wallet: TestWallet, limitMicros: bigint): Promise<void> {
  const { wallet: signing, contract } = await onChain(wallet);
  const deployment = { chainId: HARDHAT_CHAIN.id, contract };
  const metering = createMeteringClient(values.server);
  const { counter, spentMicros } = await metering.balance(wallet.account.address);

  const apiKey = createApiKey();
  const allowance = await metering.addAllowance(
    await signAllowance(signing, deployment, {
      spender: apiKeySpender(apiKey),
      limitMicros,
      accountCapMicros: spentMicros + limitMicros,
      counter,
    }),
  );
  console.log(`allowance ${allowance.id}: the key may spend ${formatCredits(limitMicros)} credits`);

  const service = await startCompressionService(
    localWallet(values.rpc, wallets.provider),
    deployment,
    values.server,
  );
  try {
    const input = Buffer.from(randomBytes(512 * 1024).toString("hex"));
    const { cpuMilliseconds, bytes, costMicros } = await compressRemotely(
      service.url,
      apiKey,
      input,
    );
    console.log(
      `one job: ${cpuMilliseconds} ms of CPU, ${bytes} bytes, ${formatCredits(BigInt(costMicros))} credits`,
    );
  } finally {
    await service.stop();
  }
  await balance(wallet);
}

async function balance({ account }: TestWallet): Promise<void> {
  const has = await createMeteringClient(values.server).balance(account.address);
  for (const [name, value] of Object.entries(has)) {
    if (name.endsWith("Micros"))
      console.log(`${name.replace("Micros", "").padEnd(10)} ${formatCredits(BigInt(value))}`);
  }
}

async function refund(wallet: TestWallet, creditMicros: bigint): Promise<void> {
  const { gasUsed } = await requestRefund(await onChain(wallet), creditMicros);
  console.log(
    `asked for ${formatCredits(creditMicros)} credits (gas ${gasUsed}); they come with a checkpoint or two`,
  );
}

async function settle(wallet: TestWallet): Promise<void> {
  const proven = await createMeteringClient(values.server).proof(wallet.account.address);
  const { gasUsed } = await settleRow(await onChain(wallet), proven);
  console.log(`settled by checkpoint ${proven.epoch} (gas ${gasUsed})`);
}

async function onChain(wallet: TestWallet): Promise<WalletConnection> {
  const { domain } = z
    .object({ domain: DomainJson })
    .parse(await createApi(values.server).get("/v1/deployment"));
  return {
    wallet: localWallet(values.rpc, wallet),
    client: localClient(values.rpc),
    contract: domain.verifyingContract,
  };
}
