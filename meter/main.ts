/** `npm run meter`: meters a workload of this machine and charges it, from start to end. */
import { UsageError, run } from "@compute-credits/platform/process/commandLine";
import { ConfigError } from "@compute-credits/platform/process/environment";
import { FolderInUse } from "@compute-credits/platform/postgres/folderLock";
import { hideSecrets, hideUrls } from "@compute-credits/platform/process/hideSecrets";
import { HELP } from "./commands/help.ts";
import { type MeterOptions, readMeterOptions } from "./commands/options.ts";
import { type RunContext, attachCommand, runCommand } from "./commands/run.ts";
import { kubelet, slurmCharge, slurmHold } from "./commands/cluster.ts";
import { createSignSeen } from "./lease/signSeen.ts";
import { createHttpLedger } from "./lease/httpLedger.ts";
import { NvmlError } from "./sources/nvml.ts";

/** A call that takes longer is made again at the next reading. */
const LONGEST_CALL_MS = 10_000;

const stopping = new AbortController();

const VERBS: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  run: (args) => onThisMachine(args, runCommand),
  attach: (args) => onThisMachine(args, attachCommand),
  "slurm-hold": (args) => slurmHold(args, CLUSTER),
  "slurm-charge": (args) => slurmCharge(args, CLUSTER),
  kubelet: (args) => kubelet(args, CLUSTER),
};

const CLUSTER = {
  stopping: stopping.signal,
  say: (line: string) => console.error(hideUrls(`meter: ${line}`)),
};

await run(
  async () => {
    const [verb = "--help", ...args] = process.argv.slice(2);
    if (verb === "--help") {
      console.log(HELP);
      return;
    }
    const perform = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    if (perform === undefined) {
      throw new UsageError(`There is no verb ${verb}: ${Object.keys(VERBS).join(", ")}.`);
    }
    // A workload has a session of its own: the agent passes on that it is to end.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => stopping.abort());
    }
    process.exitCode = await perform(args);
  },
  (error) => (isExpected(error) ? error.message : null),
);

function isExpected(error: unknown): error is Error {
  return [ConfigError, FolderInUse, NvmlError].some((kind) => error instanceof kind);
}

async function onThisMachine(
  args: readonly string[],
  perform: (options: MeterOptions, context: RunContext) => Promise<number>,
): Promise<number> {
  const options = readMeterOptions(args);
  if (options !== null) return await perform(options, contextOf(options));
  console.log(HELP);
  return 0;
}

function contextOf({ server, providerKey, payer, meterKey, timing }: MeterOptions): RunContext {
  const timeoutMs = Math.min(LONGEST_CALL_MS, timing.intervalSeconds * 1_000);
  const keys = [
    providerKey,
    ...("apiKey" in payer ? [payer.apiKey] : []),
    ...(meterKey === null ? [] : [meterKey]),
  ];
  const hide = hideSecrets({ keys, urls: [server] });
  // Standard output is the workload's.
  const say = (line: string) => console.error(hide(`meter: ${line}`));
  const signSeen = meterKey === null ? undefined : createSignSeen(server, meterKey);
  return {
    ledger: createHttpLedger({ server, key: providerKey, payer, timeoutMs, signSeen, say }),
    stopping: stopping.signal,
    say,
  };
}
