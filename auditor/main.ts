/** `npm run auditor`: follows a metering server and the chain, and co-signs the checkpoints that it could reproduce. */
import { parseArgs } from "node:util";

import { pino } from "pino";

import { FolderInUse } from "@compute-credits/platform/postgres/folderLock";
import { ConfigError } from "@compute-credits/platform/process/environment";
import { ReorgBeyondConfirmations } from "@compute-credits/rules/chain/reorgBeyondConfirmations";
import { untilStopped } from "@compute-credits/platform/process/untilStopped";
import { readAuditorConfig } from "./config.ts";
import { openAuditor, runAuditor } from "./runAuditor.ts";

const HELP = `npm run auditor -- [options]     checks a metering server, and co-signs what it could reproduce

  --once    checks all checkpoints that there are, and ends
  --help    this text

Environment (docs/auditors.md):
  SERVER_URL                 the metering server
  RPC_URL                    the chain, through endpoints of your own choice, separated by commas
  CONTRACT_ADDRESS           the ComputeCredits contract
  AUDITOR_PRIVATE_KEY        the key of one of the contract's signers; or AUDITOR_PRIVATE_KEY_FILE
  AUDITOR_FOLDER             its embedded database (.data/auditor); or AUDITOR_DATABASE_URL
  AUDITOR_HOST, AUDITOR_PORT GET /healthz and /findings (127.0.0.1, 8090)
  CONFIRMATIONS              blocks on top of one before it counts (12), or safe, or finalized
  FEE_BPS                    the operator's part, as it was announced (what the server says when the auditor begins)
  MAX_LAG_SECONDS            how far a checkpoint's time may be behind what it holds (3600)
  RELEASED_EPOCH             an epoch that may be signed anew: what was signed for it was given up before it was on chain
  POLL_MILLISECONDS          pause between two rounds (4000)
  LOG_LEVEL                  info

Ends with 0 when it is stopped, 1 where it cannot work, 2 where the chain's past changed under it; with --once, 3 where
a checkpoint could not be reproduced.`;

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
  const isMistake = error instanceof ConfigError || error instanceof FolderInUse;
  console.error(isMistake ? error.message : error);
  process.exitCode = error instanceof ReorgBeyondConfirmations ? 2 : 1;
}
