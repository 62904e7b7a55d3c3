import { randomBytes } from "node:crypto";

import { z } from "zod";

import { buyCredits, requestRefund, settleRow } from "@compute-credits/client/chain/credits";
import type { WalletConnection } from "@compute-credits/client/chain/transact";
import { createApi } from "@compute-credits/client/http/api";
import {
  type MeteringClient,
  createMeteringClient,
} from "@compute-credits/client/http/meteringClient";
import { createApiKey } from "@compute-credits/client/wallet/apiKey";
import { createReadAccess } from "@compute-credits/client/wallet/logAccess";
import { signAllowance } from "@compute-credits/client/wallet/signedAllowance";
import { computeCreditsAbi } from "@compute-credits/protocol/abi/computeCredits";
import { formatCredits } from "@compute-credits/protocol/amounts";
import { DomainJson } from "@compute-credits/protocol/json/domain";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { apiKeySpender } from "@compute-credits/protocol/messages/spender";
import { compressRemotely, startCompressionService } from "../demo/compressionService.ts";
import { localClient, localWallet } from "../local/deployLocal.ts";
import { eventually } from "../local/eventually.ts";
import { HARDHAT_CHAIN } from "../local/hardhatChain.ts";
import { type TestWallet, wallets } from "../local/wallets.ts";
import { mintDollars } from "../local/mintDollars.ts";
import type { Where } from "./explain.ts";

/** The wallet that acts, how much it is about, and the system that it acts on. */
export interface Deed {
  readonly wallet: TestWallet;
  readonly creditMicros: bigint;
  readonly where: Where;
}

const JOB_BYTES = 512 * 1024;

export const VERBS = { buy, work, balance, refund, settle };

async function buy({ wallet, creditMicros, where }: Deed): Promise<void> {
  const connection = await connect(wallet, where);
  const { client, contract } = connection;
  const { address: account } = wallet.account;
  const vault = { address: contract, abi: computeCreditsAbi } as const;
  const [token, price] = await Promise.all([
    client.readContract({ ...vault, functionName: "token" }),
    client.readContract({ ...vault, functionName: "priceOf", args: [creditMicros] }),
  ]);
  const by = wallet.account;
  await mintDollars(connection, { token, by, to: account, tokenAmount: price });
  const { receipt, tokenAmount } = await buyCredits(connection, { account, creditMicros });
  console.log(
    `bought ${formatCredits(creditMicros)} credits for ${formatCredits(tokenAmount)} dollars (gas ${receipt.gasUsed})`,
  );
  const metering = ownReads(connection, where);
  await eventually("the ledger to count the purchase", async () => {
    const { asOfBlock } = await metering.balance(account);
    return asOfBlock >= receipt.blockNumber;
  });
}

async function work({ wallet, creditMicros, where }: Deed): Promise<void> {
  const connection = await connect(wallet, where);
  const deployment = deploymentOf(connection);
  const metering = ownReads(connection, where);
  const { counter, spentMicros } = await metering.balance(wallet.account.address);

  const apiKey = createApiKey();
  const allowance = await metering.addAllowance(
    await signAllowance(connection.wallet, deployment, {
      spender: apiKeySpender(apiKey),
      limitMicros: creditMicros,
      accountCapMicros: spentMicros + creditMicros,
      counter,
    }),
    { apiKey },
  );
  console.log(
    `allowance ${allowance.id}: the key may spend ${formatCredits(creditMicros)} credits`,
  );

  const service = await startCompressionService(
    localWallet(where.rpc, wallets.provider),
    deployment,
    where.server,
  );
  try {
    const input = Buffer.from(randomBytes(JOB_BYTES).toString("hex"));
    const receipt = await compressRemotely(service.url, apiKey, input);
    console.log(
      `one job: ${receipt.cpuMilliseconds} ms of CPU, ${receipt.bytes} bytes, ${formatCredits(BigInt(receipt.costMicros))} credits`,
    );
  } finally {
    await service.stop();
  }
  await balance({ wallet, where });
}

async function balance({ wallet, where }: Pick<Deed, "wallet" | "where">): Promise<void> {
  const metering = ownReads(await connect(wallet, where), where);
  const has = await metering.balance(wallet.account.address);
  const shown = [
    "purchased",
    "spent",
    "held",
    "refunding",
    "refunded",
    "available",
    "earned",
  ] as const;
  for (const name of shown) {
    console.log(`${name.padEnd(10)} ${formatCredits(has[`${name}Micros`])}`);
  }
}

async function refund({ wallet, creditMicros, where }: Deed): Promise<void> {
  const { gasUsed } = await requestRefund(await connect(wallet, where), creditMicros);
  console.log(
    `asked for ${formatCredits(creditMicros)} credits (gas ${gasUsed}); they come with one of the next two checkpoints`,
  );
}

async function settle({ wallet, where }: Deed): Promise<void> {
  const proven = await createMeteringClient(where.server).proof(wallet.account.address);
  const { gasUsed } = await settleRow(await connect(wallet, where), proven);
  console.log(`settled by checkpoint ${proven.epoch} (gas ${gasUsed})`);
}

/** A client that reads what is the wallet's own: the wallet signs for it. */
function ownReads(connection: WalletConnection, { server }: Where): MeteringClient {
  const authorization = createReadAccess(connection.wallet, deploymentOf(connection));
  return createMeteringClient(server, { authorization });
}

function deploymentOf({ contract }: WalletConnection): Deployment {
  return { chainId: HARDHAT_CHAIN.id, contract };
}

/** The wallet on the chain, with the contract that the server names. */
async function connect(wallet: TestWallet, { server, rpc }: Where): Promise<WalletConnection> {
  const { domain } = z
    .object({ domain: DomainJson })
    .parse(await createApi(server).get("/v1/deployment"));
  return {
    wallet: localWallet(rpc, wallet),
    client: localClient(rpc),
    contract: domain.verifyingContract,
  };
}
