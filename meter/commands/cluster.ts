import { setTimeout as delay } from "node:timers/promises";

import {
  UsageError,
  addressOption,
  httpUrl,
  readOptions,
  wholeNumber,
} from "@compute-credits/platform/process/commandLine";
import { createClock } from "../clock.ts";
import { createCollector } from "../kubernetes/collector.ts";
import { openKubelet } from "../kubernetes/kubeletClient.ts";
import { createHttpLedger } from "../lease/httpLedger.ts";
import { metersOf } from "../lease/linesOf.ts";
import { type SlurmOptions, chargeJob, holdForJob } from "../slurm/commands.ts";
import { keyIn } from "./options.ts";

/** What a verb of a cluster runs in. */
export interface ClusterContext {
  readonly stopping: AbortSignal;
  readonly say: (line: string) => void;
}

const TIMEOUT_MS = 10_000;

const COMMON = {
  server: { type: "string", default: "http://127.0.0.1:8080" },
  "key-file": { type: "string" },
  meters: { type: "string", default: "" },
} as const;

/** `slurm-hold`: before a job, in Slurm's controller. Resolves to an exit code. */
export async function slurmHold(args: readonly string[], context: ClusterContext): Promise<number> {
  return await holdForJob(slurmOptions(args, context));
}

/** `slurm-charge`: after a job. Resolves to an exit code. */
export async function slurmCharge(
  args: readonly string[],
  context: ClusterContext,
): Promise<number> {
  return await chargeJob(slurmOptions(args, context));
}

function slurmOptions(args: readonly string[], { say }: ClusterContext): SlurmOptions {
  const { values } = readOptions({
    args: [...args],
    options: {
      ...COMMON,
      job: { type: "string" },
      restarts: { type: "string", default: "0" },
      accounts: { type: "string" },
    },
  });
  const server = httpUrl("--server", values.server);
  const key = keyIn("--key-file", values["key-file"], "provider");
  return {
    job: `${wholeNumber("--job", values.job ?? "", { least: 1, most: 4_294_967_295 })}`,
    restarts: wholeNumber("--restarts", values.restarts, { least: 0, most: 1_000_000 }),
    meters: metersOf(values.meters),
    accountsFile: given("--accounts", values.accounts, "a JSON file: the spender of each account"),
    ledgerOf: (spender) =>
      createHttpLedger({ server, key, payer: { spender }, timeoutMs: TIMEOUT_MS }),
    say,
  };
}

/** `kubelet`: charges the pods of one node until it is stopped. Resolves to an exit code. */
export async function kubelet(
  args: readonly string[],
  { stopping, say }: ClusterContext,
): Promise<number> {
  const { values } = readOptions({
    args: [...args],
    options: {
      ...COMMON,
      url: { type: "string" },
      provider: { type: "string" },
      "token-file": { type: "string" },
      "ca-file": { type: "string" },
      state: { type: "string", default: ".data/meter" },
      charges: { type: "string", default: "requests" },
      interval: { type: "string", default: "10" },
    },
  });
  const { charges } = values;
  if (charges !== "requests" && charges !== "usage") {
    throw new UsageError(`--charges is requests or usage, not "${charges}".`);
  }
  const intervalSeconds = wholeNumber("--interval", values.interval, { least: 1, most: 600 });
  const provider = addressOption("--provider", values.provider ?? "");
  const collector = createCollector({
    kubelet: openKubelet({
      url: httpUrl("--url", values.url ?? ""),
      tokenFile: given("--token-file", values["token-file"], "a service account's token"),
      caFile: given("--ca-file", values["ca-file"], "the authority of the kubelet's certificate"),
    }),
    ledger: createHttpLedger({
      server: httpUrl("--server", values.server),
      key: keyIn("--key-file", values["key-file"], "provider"),
      payer: { spender: provider },
      timeoutMs: TIMEOUT_MS,
    }),
    provider: provider.toLowerCase(),
    folder: values.state,
    charges,
    meters: metersOf(values.meters),
    timing: { intervalSeconds, graceSeconds: 0, marginSeconds: 1, reachSeconds: 60 },
    now: createClock(),
    time: () => new Date(),
    say,
  });
  while (!stopping.aborted) {
    // A kubelet that does not answer now is asked again: its counters go on.
    // oxlint-disable-next-line no-await-in-loop -- one reading after the other
    await collector.collect().catch((error: unknown) => say(String(error)));
    // oxlint-disable-next-line no-await-in-loop
    await delay(intervalSeconds * 1_000, undefined, { signal: stopping }).catch(() => undefined);
  }
  await collector.close();
  return 0;
}

function given(option: string, value: string | undefined, what: string): string {
  if (value === undefined || value === "") throw new UsageError(`${option} is missing: ${what}.`);
  return value;
}
