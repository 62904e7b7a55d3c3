import { pino } from "pino";

import { FolderInUse } from "@compute-credits/platform/postgres/folderLock";
import { ConfigError } from "@compute-credits/platform/process/environment";
import { untilStopped } from "@compute-credits/platform/process/untilStopped";
import { UsageError } from "@compute-credits/platform/process/commandLine";
import { changedSources } from "../compiled/sources.ts";
import { buildDashboard } from "../dashboard/buildDashboard.ts";
import { type LocalStack, startLocalStack } from "./localStack.ts";
import { DEFAULT_PORTS } from "./ports.ts";
import { wallets } from "./wallets.ts";

export interface RunOptions {
  /** of the metering server; 0 = any that is free */
  readonly port: number;
  /** of the chain; 0 = any that is free */
  readonly rpcPort: number;
  readonly dataFolder: string;
  readonly settleIntervalSeconds: number;
  readonly logLevel: string;
  /** whether providers need the approval of the test wallet `operator` */
  readonly hasOperator: boolean;
}

/**
 * Often enough for a person. Ten times as often, as tests poll, an idle system takes a tenth of a
 * core.
 */
const POLL_MILLISECONDS = 1_000;

/**
 * The contract makes a checkpoint final by the time of a block. Without blocks of its own, a quiet
 * chain would keep the next checkpoint waiting until someone sends a transaction. Each empty block
 * costs the indexer 20 ms.
 */
const BLOCK_MILLISECONDS = 5_000;

const PARENT_CHECK_MS = 500;

/**
 * Runs the local system until a signal ends it, or the npm that started it is gone. Throws a
 * `UsageError` if the folder or the configuration cannot be used.
 */
export async function runLocal(options: RunOptions): Promise<void> {
  const changed = await changedSources();
  if (changed.length > 0) {
    console.warn(
      `Note: ${changed.join(", ")} changed since the contracts were compiled. To run the change: npm run compiled`,
    );
  }
  endWithNpm();
  const dashboardFolder = await builtDashboard();
  const log = pino({ level: options.logLevel });
  const stack = await startLocalStack({
    ...options,
    chainPort: options.rpcPort,
    blockMilliseconds: BLOCK_MILLISECONDS,
    feeBps: 200,
    log,
    environment: {
      POLL_MILLISECONDS: `${POLL_MILLISECONDS}`,
      WRITE_OFF_ACCOUNT: wallets.operator.account.address,
      AUDITORS: wallets.auditor.account.address,
      // A receiver of webhooks on this machine.
      WEBHOOK_NETWORKS: "127.0.0.0/8",
      ...(options.hasOperator && { OPERATORS: wallets.operator.account.address }),
      ...(dashboardFolder !== null && { DASHBOARD_FOLDER: dashboardFolder }),
    },
  }).catch((error: unknown) => {
    if (error instanceof FolderInUse) {
      throw new UsageError(`${error.message} with --data`, { cause: error });
    }
    throw error instanceof ConfigError ? new UsageError(error.message, { cause: error }) : error;
  });
  // Listens for signals first: one that arrives right after the welcome must not kill the process.
  const stopped = untilStopped(stack, log);
  const hasDashboard = stack.server.context.dashboard !== null;
  console.log(welcome(stack, { settleSeconds: options.settleIntervalSeconds, hasDashboard }));
  await stopped;
  console.log("Stopped.");
}

/** Builds the dashboard if its sources changed, in seconds; `null` if that failed. */
async function builtDashboard(): Promise<string | null> {
  try {
    return (await buildDashboard("local")).folder;
  } catch (error) {
    console.warn(`Note: there is no dashboard, because it could not be built: ${String(error)}`);
    return null;
  }
}

/** A killed npm cannot pass its signal on: without this its child would keep both ports. */
function endWithNpm(): void {
  if (process.env["npm_lifecycle_event"] !== "start") return;
  const npm = process.ppid;
  const check = setInterval(() => {
    if (process.ppid === npm) return;
    // Once: a second signal would end the process before it has stopped everything.
    clearInterval(check);
    process.kill(process.pid, "SIGTERM");
  }, PARENT_CHECK_MS).unref();
}

interface Shown {
  readonly settleSeconds: number;
  readonly hasDashboard: boolean;
}

function welcome(stack: LocalStack, { settleSeconds, hasDashboard }: Shown): string {
  const { rpcUrl, server, token, contract } = stack;
  const people = (["alice", "bob", "provider", "auditor"] as const).map((name) => {
    const { account, privateKey } = wallets[name];
    return `  ${name.padEnd(9)} ${account.address}  key ${privateKey}`;
  });
  const where = optionsFor(stack);
  const dashboard = hasDashboard ? `\nDashboard        ${server.url}/` : "";
  return `${dashboard}
Chain            ${rpcUrl} (Hardhat, chain 31337; new, and gone when this stops)
Metering server  ${server.url} (${server.database}; emptied, because the chain is new; no fsync: fine for trying things out)
Test dollar      ${token}
ComputeCredits   ${contract}
Settlement       a checkpoint every ${settleSeconds} s if something changed, final 10 to 15 s later

Test wallets (everyone knows their keys: never send them anything of worth)
${people.join("\n")}

Try, in another terminal:
  npm run credits -- buy --wallet alice --credits 1000${where}
  npm run credits -- work --wallet alice${where}
  npm run credits -- balance --wallet alice${where}

Ctrl-C stops everything.`;
}

/** Returns the options for `npm run credits` to reach this system; empty for the default ports. */
function optionsFor({ rpcUrl, server }: LocalStack): string {
  const isUsual =
    new URL(server.url).port === `${DEFAULT_PORTS.server}` &&
    new URL(rpcUrl).port === `${DEFAULT_PORTS.rpc}`;
  return isUsual ? "" : ` --server ${server.url} --rpc ${rpcUrl}`;
}
