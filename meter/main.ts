/** `npm run meter`: meters a workload of this machine and charges it, from start to end. */
import { UsageError, run } from "@compute-credits/platform/process/commandLine";
import { ConfigError } from "@compute-credits/platform/process/environment";
import { FolderInUse } from "@compute-credits/platform/postgres/folderLock";
import { hideSecrets } from "@compute-credits/platform/process/hideSecrets";
import { HELP } from "./commands/help.ts";
import { type MeterOptions, readMeterOptions } from "./commands/options.ts";
import { attachCommand, runCommand } from "./commands/run.ts";
import { createHttpLedger } from "./lease/httpLedger.ts";
import { NvmlError } from "./sources/nvml.ts";

const VERBS = { run: runCommand, attach: attachCommand } as const;

/** A call that takes longer is made again at the next reading. */
const LONGEST_CALL_MS = 10_000;

await run(
  async () => {
    const [verb = "--help", ...args] = process.argv.slice(2);
    const options = verb === "--help" ? null : readMeterOptions(args);
    if (options === null) {
      console.log(HELP);
      return;
    }
    if (!isVerb(verb)) throw new UsageError(`There is no verb ${verb}: run or attach.`);
    process.exitCode = await VERBS[verb](options, contextOf(options));
  },
  (error) => (isExpected(error) ? error.message : null),
);

function isVerb(verb: string): verb is keyof typeof VERBS {
  return Object.hasOwn(VERBS, verb);
}

function isExpected(error: unknown): error is Error {
  return [ConfigError, FolderInUse, NvmlError].some((kind) => error instanceof kind);
}

function contextOf({ server, providerKey, payer, timing }: MeterOptions) {
  const timeoutMs = Math.min(LONGEST_CALL_MS, timing.intervalSeconds * 1_000);
  const keys = [providerKey, ...("apiKey" in payer ? [payer.apiKey] : [])];
  const hide = hideSecrets({ keys, urls: [server] });
  const stopping = new AbortController();
  // The workload has a session of its own: the agent passes on that it is to end.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => stopping.abort());
  }
  return {
    ledger: createHttpLedger({ server, key: providerKey, payer, timeoutMs }),
    stopping: stopping.signal,
    // Standard output is the workload's.
    say: (line: string) => console.error(hide(`meter: ${line}`)),
  };
}
