/** `npm run auditor`: follows a metering server and the chain, and co-signs the checkpoints that it could reproduce. */
import { parseArgs } from "node:util";

import { pino } from "pino";

import { FolderInUse } from "@compute-credits/platform/postgres/folderLock";
import { MigrationRefused } from "@compute-credits/platform/postgres/migrationRefused";
import { ConfigError } from "@compute-credits/platform/process/environment";
import { ReorgBeyondConfirmations } from "@compute-credits/rules/chain/reorgBeyondConfirmations";
import { settingsOf } from "@compute-credits/platform/process/settings";
import { untilStopped } from "@compute-credits/platform/process/untilStopped";
import { AUDITOR_SETTINGS, readAuditorConfig } from "./config.ts";
import { openAuditor, runAuditor } from "./runAuditor.ts";

const HELP = `npm run auditor -- [options]     checks a metering server, and co-signs what it could reproduce

  --once    checks all checkpoints that there are, and ends
  --help    this text

Environment (docs/settings.md):
${environmentHelp()}

Ends with 0 when it is stopped, 1 where it cannot work, 2 where the chain's past changed under it; with --once, 3 where
a checkpoint could not be reproduced.`;

/** The variables that the configuration is read from, a line each. */
function environmentHelp(): string {
  const settings = Object.values(AUDITOR_SETTINGS).flatMap((shape) => settingsOf(shape));
  return settings
    .map(({ name, meaning, fallback }) =>
      [`  ${name.padEnd(25)}`, meaning, ...(fallback === null ? [] : [`(${fallback})`])].join(" "),
    )
    .join("\n");
}

const { values } = parseArgs({
  options: {
    once: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(HELP);
else await main().catch(giveUp);

async function main(): Promise<void> {
  const config = readAuditorConfig(process.env);
  const log = pino({ level: config.logLevel });
  if (!values.once) {
    const running = await runAuditor(config, log);
    log.info({ url: running.url, server: config.serverUrl, contract: config.contract }, "auditing");
    await untilStopped(running, log);
    return;
  }
  await using stack = new AsyncDisposableStack();
  const auditor = await openAuditor(config, log, stack);
  let before: bigint | undefined;
  do {
    before = auditor.agreed?.id;
    // oxlint-disable-next-line no-await-in-loop -- a page of checkpoints after the other
    await auditor.step();
  } while (auditor.agreed?.id !== before);
  if (auditor.findings().length > 0) process.exitCode = 3;
}

function giveUp(error: unknown): void {
  const isMistake =
    error instanceof ConfigError ||
    error instanceof FolderInUse ||
    error instanceof MigrationRefused;
  console.error(isMistake ? error.message : error);
  process.exitCode = error instanceof ReorgBeyondConfirmations ? 2 : 1;
}
