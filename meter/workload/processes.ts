import { readFileSync, readdirSync } from "node:fs";

import type { ProcessId } from "../journal/entries.ts";

/** One process as `/proc` shows it. */
export interface Process extends ProcessId {
  readonly parent: number;
  readonly session: number;
  /** its own CPU time and that of children it has waited for, in clock ticks */
  readonly cpuTicks: bigint;
  /** it has ended, and its parent has not waited for it yet: its time is no one else's until then */
  readonly isZombie: boolean;
}

/** Ticks of `/proc` per second: 100 on every Linux that Node.js runs on (`getconf CLK_TCK`). */
export const TICKS_PER_SECOND = 100n;

/** Reads one process; `null` if there is none. */
export function readProcess(pid: number, root = "/proc"): Process | null {
  try {
    return parseStat(readFileSync(`${root}/${pid}/stat`, "latin1"));
  } catch {
    return null;
  }
}

/**
 * Parses `/proc/PID/stat` (proc_pid_stat(5)). The name in brackets may hold anything, so the fields
 * are counted from the last bracket.
 */
export function parseStat(stat: string): Process {
  const pid = Number(stat.slice(0, stat.indexOf(" ")));
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const field = (number: number) => fields[number - 3] ?? "0";
  const ticks = [14, 15, 16, 17].map((number) => BigInt(field(number)));
  return {
    pid,
    startTicks: field(22),
    parent: Number(field(4)),
    session: Number(field(6)),
    cpuTicks: ticks.reduce((sum, some) => sum + some, 0n),
    isZombie: field(3) === "Z" || field(3) === "X",
  };
}

/** Whether this very process still runs: a later one with the same id started at another time. */
export function isRunning({ pid, startTicks }: ProcessId): boolean {
  const found = readProcess(pid);
  return found !== null && found.startTicks === startTicks && !found.isZombie;
}

/** All processes. Those that end meanwhile may be among them. */
export function readProcesses(): readonly Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
}

/**
 * Processes with all that they started: their descendants, their sessions, and those that were
 * either before, each once. Remembers them, because a process whose parent ends gets another parent.
 */
export function createTree(
  roots: readonly ProcessId[],
  list: () => readonly Process[] = readProcesses,
) {
  const leaders = new Set(roots.map(({ pid }) => pid));
  const known = new Map(roots.map(({ pid, startTicks }) => [pid, startTicks] as const));

  /** The members that are there now, zombies among them. */
  function members(): readonly Process[] {
    const all = list();
    const children = Map.groupBy(all, ({ parent }) => parent);
    const found = new Map<number, Process>();
    const add = (process: Process) => {
      if (found.has(process.pid)) return;
      found.set(process.pid, process);
      for (const child of children.get(process.pid) ?? []) add(child);
    };
    const stillThere = all.filter(({ pid, startTicks }) => known.get(pid) === startTicks);
    // A session keeps its id for as long as one of its processes runs. Once none of those that are
    // known does, the same number may be the session of a stranger.
    const sessions = new Set(stillThere.map(({ session }) => session));
    for (const process of stillThere) add(process);
    for (const process of all) {
      if (leaders.has(process.session) && sessions.has(process.session)) add(process);
    }
    known.clear();
    for (const { pid, startTicks } of found.values()) known.set(pid, startTicks);
    return [...found.values()];
  }

  return { members };
}

export type Tree = ReturnType<typeof createTree>;

/** Sends a signal to this very process. Does nothing if it has ended. */
export function signal(process_: ProcessId, name: NodeJS.Signals): void {
  if (!isRunning(process_)) return;
  try {
    process.kill(process_.pid, name);
  } catch {
    // It ended in between.
  }
}
