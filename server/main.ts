/** `npm run server`: starts a metering server with the settings in the environment. */
import { pino } from "pino";

import { FolderInUse } from "@compute-credits/platform/postgres/folderLock";
import { MigrationRefused } from "@compute-credits/platform/postgres/migrationRefused";
import { ConfigError } from "@compute-credits/platform/process/environment";
import { hideSecrets } from "@compute-credits/platform/process/hideSecrets";
import { untilStopped } from "@compute-credits/platform/process/untilStopped";
import { readConfig } from "./config.ts";
import { secretsOf } from "./secrets.ts";
import { serve } from "./serve.ts";

try {
  const config = readConfig(process.env);
  const log = pino({
    level: config.logLevel,
    hooks: { streamWrite: hideSecrets(secretsOf(config)) },
  });
  const server = await serve(config, log);
  log.info({ url: server.url, database: server.database, contract: config.contract }, "metering");
  await untilStopped(server, log);
} catch (error) {
  const isMistake =
    error instanceof ConfigError ||
    error instanceof FolderInUse ||
    error instanceof MigrationRefused;
  console.error(isMistake ? error.message : error);
  process.exitCode = 1;
}
