import { readFileSync, statSync } from "node:fs";

import {
  UsageError,
  httpUrl,
  readOptions,
  wholeNumber,
} from "@compute-credits/platform/process/commandLine";
import type { Hex } from "viem";

import { Bytes32Field } from "@compute-credits/protocol/json/fields";
import { mayBe } from "@compute-credits/protocol/messages/keyKind";
import { type Meters, metersOf } from "../lease/linesOf.ts";
import { type Timing, extendsBelowSeconds } from "../lease/timing.ts";
import { DOCKER_SOCKET } from "../workload/openWorkload.ts";

/** What the command line asks for. */
export interface MeterOptions {
  readonly server: string;
  readonly providerKey: string;
  /** who pays: an API key, or a spender that gave access */
  readonly payer: { readonly apiKey: string } | { readonly spender: string };
  /** signs what the machine shows of GPUs; `null`: that stays in the journal */
  readonly meterKey: Hex | null;
  readonly folder: string;
  readonly timing: Timing;
  readonly meters: Meters;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly measured: Measured;
  readonly attached: Attached;
  readonly user: { readonly uid: number; readonly gid: number } | null;
  readonly dockerSocket: string;
  readonly command: readonly string[];
}

/** What is measured of the workload. */
export interface Measured {
  readonly cpu: boolean;
  /** CPUs that are set aside for it; with `cpu`, the most that it uses */
  readonly cpus: number | null;
  readonly memory: boolean;
  /** bytes that are set aside for it; with `memory`, the most that it uses */
  readonly memoryLimit: bigint | null;
  /** `all`, or UUIDs; none if empty */
  readonly gpus: readonly string[];
  /** dcgm-exporter's metrics, for agents that may not load NVML; `null`: NVML */
  readonly exporterUrl: string | null;
  /** a folder in a file system of the workload's own, of which the used bytes count */
  readonly disk: string | null;
  /** bytes that are set aside for it */
  readonly diskQuota: bigint | null;
  readonly network: boolean;
  /** the most bytes that it moves in a second, for the hold */
  readonly networkBytesPerSecond: bigint;
}

/** Workloads that run already. */
export interface Attached {
  readonly pids: readonly number[];
  readonly cgroups: readonly string[];
  readonly containers: readonly string[];
}

const OPTIONS = {
  server: { type: "string", default: "http://127.0.0.1:8080" },
  "key-file": { type: "string" },
  "payer-key-file": { type: "string" },
  "meter-key-file": { type: "string" },
  spender: { type: "string" },
  state: { type: "string", default: ".data/meter" },
  name: { type: "string" },
  interval: { type: "string", default: "10" },
  grace: { type: "string", default: "10" },
  margin: { type: "string", default: "5" },
  reach: { type: "string" },
  meters: { type: "string", default: "" },
  dimension: { type: "string", multiple: true },
  cpu: { type: "boolean", default: false },
  cpus: { type: "string" },
  memory: { type: "boolean", default: false },
  "memory-limit": { type: "string" },
  gpu: { type: "string" },
  "dcgm-exporter": { type: "string" },
  disk: { type: "string" },
  "disk-quota": { type: "string" },
  network: { type: "boolean", default: false },
  "network-limit": { type: "string", default: "128MiB" },
  user: { type: "string" },
  pid: { type: "string", multiple: true },
  cgroup: { type: "string", multiple: true },
  container: { type: "string", multiple: true },
  "docker-socket": { type: "string", default: DOCKER_SOCKET },
  help: { type: "boolean", default: false },
} as const;

/** Reads the command line after the verb; `null` for `--help`. Throws a `UsageError`. */
export function readMeterOptions(args: readonly string[]): MeterOptions | null {
  const { values, positionals } = readOptions({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
  });
  if (values.help) return null;
  const timing = timingOf(values);
  return {
    server: httpUrl("--server", values.server),
    providerKey: keyIn("--key-file", values["key-file"], "provider"),
    payer: payerOf(values["payer-key-file"], values.spender),
    meterKey: meterKeyOf(values["meter-key-file"]),
    folder: folderOf(values.state, values.name),
    timing,
    meters: metersOf(values.meters),
    dimensions: dimensionsOf(values.dimension ?? []),
    measured: {
      cpu: values.cpu,
      cpus: values.cpus === undefined ? null : whole("--cpus", values.cpus, 1, 4_096),
      memory: values.memory,
      memoryLimit: bytesOf("--memory-limit", values["memory-limit"]),
      gpus: (values.gpu ?? "").split(",").flatMap((uuid) => uuid.trim() || []),
      exporterUrl: exporterOf(values["dcgm-exporter"]),
      disk: values.disk ?? null,
      diskQuota: bytesOf("--disk-quota", values["disk-quota"]),
      network: values.network,
      networkBytesPerSecond: bytesOf("--network-limit", values["network-limit"]) ?? 0n,
    },
    attached: {
      pids: (values.pid ?? []).map((pid) => whole("--pid", pid, 1, 4_194_304)),
      cgroups: values.cgroup ?? [],
      containers: values.container ?? [],
    },
    user: values.user === undefined ? null : userOf(values.user),
    dockerSocket: values["docker-socket"],
    command: positionals,
  };
}

function whole(option: string, text: string, least: number, most: number): number {
  return wholeNumber(option, text, { least, most });
}

function timingOf(values: {
  readonly interval: string;
  readonly grace: string;
  readonly margin: string;
  readonly reach?: string | undefined;
}): Timing {
  const intervalSeconds = whole("--interval", values.interval, 1, 600);
  const graceSeconds = whole("--grace", values.grace, 0, 600);
  const marginSeconds = whole("--margin", values.margin, 1, 600);
  const least = { intervalSeconds, graceSeconds, marginSeconds, reachSeconds: 0 };
  const leastReach = extendsBelowSeconds(least) + intervalSeconds;
  const reach = values.reach ?? `${leastReach + 3 * intervalSeconds}`;
  return { ...least, reachSeconds: whole("--reach", reach, leastReach, 86_400) };
}

/** Reads a key from a file: what stands on a command line, all users of the machine see. */
export function keyIn(
  option: string,
  path: string | undefined,
  kind: "provider" | "spender",
): string {
  if (path === undefined) throw new UsageError(`${option} is missing: a file with the key.`);
  try {
    if (statSync(path).size > 4_096) throw new UsageError(`${option} ${path} is no file of a key.`);
    const key = readFileSync(path, "utf8").trim();
    if (key !== "" && mayBe(key, kind)) return key;
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`${option} ${path} cannot be read: check the path.`, { cause });
  }
  throw new UsageError(
    `${option} ${path} has no ${kind === "provider" ? "provider's" : "API"} key.`,
  );
}

/** The private key of a meter, as `meter-keys create` writes it. */
function meterKeyOf(path: string | undefined): Hex | null {
  if (path === undefined) return null;
  const option = "--meter-key-file";
  try {
    if (statSync(path).size > 4_096) throw new UsageError(`${option} ${path} is no file of a key.`);
    const key = Bytes32Field.safeParse(readFileSync(path, "utf8").trim());
    if (key.success && !/^0x0*$/.test(key.data)) return key.data;
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    throw new UsageError(`${option} ${path} cannot be read: check the path.`, { cause });
  }
  throw new UsageError(`${option} ${path} has no meter's key: see docs/evidence.md.`);
}

function payerOf(keyFile: string | undefined, spender: string | undefined): MeterOptions["payer"] {
  if (keyFile !== undefined && spender === undefined) {
    return { apiKey: keyIn("--payer-key-file", keyFile, "spender") };
  }
  if (keyFile === undefined && spender !== undefined) return { spender };
  throw new UsageError(
    "Say who pays: --payer-key-file FILE with the payer's API key, or --spender of one that gave " +
      "you access.",
  );
}

function folderOf(state: string, name: string | undefined): string {
  if (name === undefined) return `${state}/${crypto.randomUUID()}`;
  if (/^[\w.-]{1,64}$/.test(name) && !name.startsWith(".")) return `${state}/${name}`;
  throw new UsageError("--name has letters, digits, dots and dashes, at most 64.");
}

function exporterOf(url: string | undefined): string | null {
  return url === undefined ? null : httpUrl("--dcgm-exporter", url);
}

function dimensionsOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = "", ...value] = pair.split("=");
      if (name === "" || value.length === 0) {
        throw new UsageError(`--dimension is NAME=VALUE, such as gpu=H100, not "${pair}".`);
      }
      return [name, value.join("=")];
    }),
  );
}

const SIZES: Readonly<Record<string, bigint>> = {
  "": 1n,
  KiB: 1_024n,
  MiB: 1_048_576n,
  GiB: 1_073_741_824n,
  TiB: 1_099_511_627_776n,
};

function bytesOf(option: string, text: string | undefined): bigint | null {
  if (text === undefined) return null;
  const [, digits = "", unit = "?"] = /^(\d{1,15})([KMGT]iB)?$/.exec(text) ? sizeOf(text) : [];
  const size = SIZES[unit];
  if (size === undefined || BigInt(digits) === 0n) {
    throw new UsageError(`${option} is a size like 512MiB or 4GiB, not "${text}".`);
  }
  return BigInt(digits) * size;
}

function sizeOf(text: string): readonly string[] {
  const digits = /^\d+/.exec(text)?.[0] ?? "";
  return [text, digits, text.slice(digits.length)];
}

/** A user of this machine, by `/etc/passwd`, or by number with the same number as its group. */
function userOf(text: string): { uid: number; gid: number } {
  if (/^\d{1,9}$/.test(text)) return { uid: Number(text), gid: Number(text) };
  for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
    const [name, , uid, gid] = line.split(":");
    if (name === text) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new UsageError(`--user ${text}: this machine has no such user.`);
}
