/** `npm run mirror`: keeps a copy of the log elsewhere, and checks it. */
import { setTimeout as delay } from "node:timers/promises";

import { createChainReader } from "@compute-credits/platform/chain/viemChainReader";
import { readOptions, run, UsageError } from "@compute-credits/platform/process/commandLine";
import { ConfigError } from "@compute-credits/platform/process/environment";
import { publicSummary } from "@compute-credits/platform/process/health";
import { readAuditorConfig } from "../auditor/config.ts";
import { ServerRefused, createLogClient, logReaderOf } from "../auditor/log/logClient.ts";
import { MirrorMismatch, openMirrorFolder } from "../auditor/mirror/mirrorFolder.ts";
import { type Mirrored, describeMirror, mirrorLog } from "../auditor/mirror/mirrorLog.ts";

const HELP = `npm run mirror -- [options]

Copies a metering server's log into a folder, as it is published, and checks its chain of hashes and
the signatures of its heads. Keep it on another machine than the database.

  --folder FOLDER   the copy (.data/mirror)
  --once            copies what there is, and ends
  --verify          reads the whole copy again and checks it; asks no server
  --help            this text

Reads the auditor's environment: SERVER_URL, RPC_URL, CONTRACT_ADDRESS, and AUDITOR_PRIVATE_KEY of an
address that may read the log. Ends with 1 if the server shows another history than the copy has.`;

await run(async () => {
  const { values } = readOptions({
    options: {
      folder: { type: "string", default: ".data/mirror" },
      once: { type: "boolean", default: false },
      verify: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  if (values.folder === "") throw new UsageError("--folder needs the name of a folder.");
  const config = readAuditorConfig(process.env);
  const folder = await openMirrorFolder(values.folder);
  const chain = await createChainReader(config.rpcUrls, config.contract, config.timeoutMs);
  if (values.verify) {
    await folder.verify();
    console.log(report(await describeMirror(folder, chain)));
    return;
  }
  const ask = createLogClient(config.serverUrl, chain.deployment, logReaderOf(config.key));
  const round = async () => report(await mirrorLog({ ask, folder, chain }));
  if (values.once) {
    console.log(await round());
    return;
  }
  let told = "";
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one round after the other
    const text = await round().catch((error: unknown) => {
      if (error instanceof MirrorMismatch) throw error;
      return `cannot copy, and tries again: ${publicSummary(error)}`;
    });
    if (text !== told) console.log(text);
    told = text;
    // oxlint-disable-next-line no-await-in-loop
    await delay(config.pollMs);
  }
}, explain);

function explain(error: unknown): string | null {
  const isExpected =
    error instanceof ConfigError ||
    error instanceof MirrorMismatch ||
    error instanceof ServerRefused;
  if (isExpected) return error.message;
  return error instanceof TypeError && error.message === "fetch failed"
    ? "The metering server does not answer. Check SERVER_URL."
    : null;
}

function report({ upTo, signedUpTo }: Mirrored): string {
  return `${upTo} segments are copied and fit; signed up to segment ${signedUpTo}`;
}
