import { cp, rm } from "node:fs/promises";
import { join } from "node:path";

import type { Logger } from "pino";
import type { Hex } from "viem";

import { lockFolder } from "@compute-credits/platform/postgres/folderLock";
import { readConfig } from "../../server/config.ts";
import { type RunningServer, serve } from "../../server/serve.ts";
import { type LocalDeployment, type LocalTerms, deployLocal } from "./deployLocal.ts";
import { startLocalChain } from "./localChain.ts";
import { wallets, workerWallets } from "./wallets.ts";

export interface LocalStackOptions {
  /** of the chain; 0 = any that is free */
  readonly chainPort: number;
  /** between two blocks without transactions; 0, the default: there are none */
  readonly blockMilliseconds?: number;
  /** of the metering server; 0 = any that is free */
  readonly port: number;
  /** emptied first: its ledger belonged to a chain that is gone */
  readonly dataFolder: string;
  /** a data folder to start from: a copy takes less than a new database */
  readonly template?: string;
  /** in place of the folder */
  readonly databaseUrl?: string;
  readonly settleIntervalSeconds: number;
  readonly feeBps: number;
  readonly log: Logger;
  readonly terms?: LocalTerms;
  /** more of the server's variables; they win over those that are set here */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface LocalStack extends LocalDeployment {
  readonly rpcUrl: string;
  readonly server: RunningServer;
  /** rejects when the server must not go on */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/**
 * Starts a chain, the contracts and a metering server, all in this process. If one of them fails,
 * it stops the others and throws.
 */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const stack = new AsyncDisposableStack();
  try {
    if (options.databaseUrl === undefined) {
      await emptyFolder(options.dataFolder);
      if (options.template !== undefined) {
        await cp(options.template, options.dataFolder, { recursive: true });
      }
    }
    const chain = await startLocalChain(options.chainPort, options.blockMilliseconds);
    stack.defer(() => chain.stop());
    const deployment = await deployLocal(chain.rpcUrl, options.terms);

    const server = await serve(
      readConfig({
        RPC_URL: chain.rpcUrl,
        CONTRACT_ADDRESS: deployment.contract,
        LENS_ADDRESS: deployment.lens,
        DEPOSIT_ADDRESSES: deployment.depositAddresses,
        SWEEPER_PRIVATE_KEY: workerWallets.sweeper.privateKey,
        KEEPER_PRIVATE_KEY: workerWallets.keeper.privateKey,
        DATA_FOLDER: options.dataFolder,
        SIGNING_JOURNAL_FOLDER: join(options.dataFolder, "signing"),
        DATABASE_URL: options.databaseUrl,
        PORT: `${options.port}`,
        CONFIRMATIONS: "0",
        POLL_MILLISECONDS: "100",
        FEE_BPS: `${options.feeBps}`,
        SIGNER_PRIVATE_KEYS: joined([wallets.signer.privateKey]),
        DASHBOARD_RPC_URLS: chain.rpcUrl,
        QUOTE_PRIVATE_KEY: wallets.operator.privateKey,
        SETTLER_PRIVATE_KEY: wallets.operator.privateKey,
        SETTLE_INTERVAL_SECONDS: `${options.settleIntervalSeconds}`,
        // Without an interval the chain makes blocks of transactions only.
        ...((options.blockMilliseconds ?? 0) === 0 && { CHAIN_STALL_SECONDS: "0" }),
        ...options.environment,
      }),
      options.log,
    );
    stack.defer(() => server.stop());
    return {
      ...deployment,
      rpcUrl: chain.rpcUrl,
      server,
      failed: server.failed,
      stop: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Throws `FolderInUse` if another process works in it. */
async function emptyFolder(folder: string): Promise<void> {
  const unlock = lockFolder(folder);
  try {
    for (const part of ["pglite", "signing"]) {
      // oxlint-disable-next-line no-await-in-loop -- two folders
      await rm(join(folder, part), { recursive: true, force: true });
    }
  } finally {
    unlock();
  }
}

function joined(keys: readonly Hex[]): string {
  return keys.join(",");
}
