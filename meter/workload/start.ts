import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Writable } from "node:stream";

import type { WorkloadRecord } from "../journal/entries.ts";
import {
  type GroupFolders,
  type GroupLimits,
  makeGroups,
  moveInto,
  removeGroups,
} from "./groups.ts";
import { readProcess } from "./processes.ts";

export interface StartOptions {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** unique on this machine: the name of the workload's group */
  readonly name: string;
  readonly limits: GroupLimits;
  /** of another user, who can read neither the key's file nor the agent's memory */
  readonly user: { readonly uid: number; readonly gid: number } | null;
  readonly stdio?: "inherit" | "ignore";
  /** where its groups are made; by default in the agent's own */
  readonly own?: GroupFolders;
}

export interface Started {
  readonly record: WorkloadRecord;
  /** Lets the command begin. Until then it waits, and it ends if the agent does. */
  go(): void;
  /** Ends it before it has begun. */
  cancel(): Promise<void>;
  /** its exit code, or the signal that ended it */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** Waits for a line on descriptor 3, closes it, and becomes the command. */
const LAUNCHER = 'read -r go <&3 || exit 125; exec 3<&-; exec "$@"';

/**
 * Prepares a command in a session and, where this process may make one, a control group of its own.
 * The agent writes down what it is before it lets the command begin, so that a later agent finds it.
 */
export async function prepareWorkload(options: StartOptions): Promise<Started> {
  const { command, env, name, limits, user, stdio = "inherit" } = options;
  const groups = makeGroups(name, limits, options.own);
  const child = spawn("/bin/sh", ["-c", LAUNCHER, "sh", ...command], {
    detached: true,
    env,
    stdio: [stdio, stdio, stdio, "pipe"],
    ...(user === null ? {} : { uid: user.uid, gid: user.gid }),
  });
  const ended = once(child, "exit").then(() => child.exitCode ?? child.signalCode);
  const gate = gateOf(child);
  await once(child, "spawn");
  const { pid = 0 } = child;
  const process = readProcess(pid);
  if (process === null) throw new Error(`the command's process ${pid} ended before it began`);
  moveInto(groups, pid);
  // The agent does not wait for it: a signal to the agent's terminal is the agent's to pass on.
  child.unref();
  return {
    record: {
      root: { pid, startTicks: process.startTicks },
      groups,
      isOurs: Object.keys(groups).length > 0,
      container: null,
    },
    go: () => void gate.end("go\n"),
    async cancel() {
      gate.destroy();
      await ended;
      removeGroups(groups);
    },
    ended,
  };
}

function gateOf({ stdio }: ChildProcess): Writable {
  const gate = stdio[3];
  if (gate === null || gate === undefined || !("write" in gate)) throw new Error("no pipe");
  // The command may end before it has read.
  gate.on("error", () => undefined);
  return gate;
}
