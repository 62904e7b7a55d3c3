/** `npm run server`: starts a metering server with the settings in the environment. */
import { pino } from "pino";

import { FolderInUse } from "@compute-credits/platform/postgres/folderLock";
import { MigrationRefused } from "@compute-credits/platform/postgres/migrationRefused";
import { readOptions, run } from "@compute-credits/platform/process/commandLine";
import { ConfigError } from "@compute-credits/platform/process/environment";
import { hideSecrets } from "@compute-credits/platform/process/hideSecrets";
import { settingsHelp } from "@compute-credits/platform/process/settings";
import { untilStopped } from "@compute-credits/platform/process/untilStopped";
import { readConfig } from "./config.ts";
import { secretsOf } from "./secrets.ts";
import { serve } from "./serve.ts";
import { SERVER_SETTINGS } from "./settings.ts";

const HELP = `npm run server      meters usage with the settings in the environment

  --help    prints this text

Environment (docs/settings.md):
${settingsHelp(SERVER_SETTINGS)}`;

await run(async () => {
  const { values } = readOptions({ options: { help: { type: "boolean", default: false } } });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const config = readConfig(process.env);
  const log = pino({
    level: config.logLevel,
    hooks: { streamWrite: hideSecrets(secretsOf(config)) },
  });
  const server = await serve(config, log);
  log.info({ url: server.url, database: server.database, contract: config.contract }, "metering");
  await untilStopped(server, log);
}, explain);

function explain(error: unknown): string | null {
  const isOperatorError =
    error instanceof ConfigError ||
    error instanceof FolderInUse ||
    error instanceof MigrationRefused;
  return isOperatorError ? error.message : null;
}
