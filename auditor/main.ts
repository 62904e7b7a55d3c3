/** `npm run auditor`: follows a metering server and co-signs each checkpoint that it reproduces. */
import { inspect } from "node:util";

import { pino } from "pino";

import { FolderInUse } from "@compute-credits/platform/postgres/folderLock";
import { MigrationRefused } from "@compute-credits/platform/postgres/migrationRefused";
import { readOptions, UsageError } from "@compute-credits/platform/process/commandLine";
import { ConfigError } from "@compute-credits/platform/process/environment";
import { ReorgBeyondConfirmations } from "@compute-credits/rules/chain/reorgBeyondConfirmations";
import { hideSecrets, hideUrls } from "@compute-credits/platform/process/hideSecrets";
import { settingsHelp } from "@compute-credits/platform/process/settings";
import { untilStopped } from "@compute-credits/platform/process/untilStopped";
import { AUDITOR_SETTINGS, readAuditorConfig } from "./config.ts";
import { StepCut, openAuditor, startAuditor } from "./startAuditor.ts";

const HELP = `npm run auditor -- [options]     audits a metering server and co-signs its checkpoints

  --once    audits all existing checkpoints, then exits
  --help    prints this text

Environment (docs/settings.md):
${settingsHelp(AUDITOR_SETTINGS)}

Exit codes: 0 if it was stopped, 1 after an error or if its step did not end within 10 seconds of the
signal, 2 after a reorganisation of the chain beyond CONFIRMATIONS; with --once, 3 if a checkpoint
could not be reproduced.`;

await main().catch(fail);

async function main(): Promise<void> {
  const { values } = readOptions({
    options: {
      once: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const config = readAuditorConfig(process.env);
  const databaseUrls = "url" in config.database ? [config.database.url] : [];
  const hide = hideSecrets({
    keys: [config.key],
    urls: [config.serverUrl, ...config.rpcUrls, ...config.peers, ...databaseUrls],
  });
  const log = pino({ level: config.logLevel, hooks: { streamWrite: hide } });
  if (!values.once) {
    const running = await startAuditor(config, log);
    log.info({ url: running.url, server: config.serverUrl, contract: config.contract }, "auditing");
    await untilStopped(running, log);
    return;
  }
  await using stack = new AsyncDisposableStack();
  const auditor = await openAuditor(config, log, stack);
  let before: bigint | undefined;
  do {
    before = auditor.agreed?.id;
    // oxlint-disable-next-line no-await-in-loop -- pages of checkpoints are audited in order
    await auditor.step();
  } while (auditor.agreed?.id !== before);
  if (auditor.findings().length > 0) process.exitCode = 3;
}

function fail(error: unknown): void {
  const isOperatorError =
    error instanceof ConfigError ||
    error instanceof UsageError ||
    error instanceof FolderInUse ||
    error instanceof MigrationRefused ||
    error instanceof StepCut;
  // Errors of libraries name URLs, in which RPC providers put keys.
  console.error(hideUrls(isOperatorError ? error.message : inspect(error)));
  process.exitCode = error instanceof ReorgBeyondConfirmations ? 2 : 1;
  // What the step waits for would keep the process.
  if (error instanceof StepCut) process.exit();
}
