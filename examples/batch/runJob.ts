import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { z } from "zod";

import { startProgram } from "../../scripts/local/program.ts";
import type { Parties } from "../parties.ts";

/** Seconds: a hold reaches ten, and a job is told to end two before its end. */
const TIMING = { interval: 1, grace: 1, margin: 1, reach: 10 };

/** The most that a job uses at a time. */
export const MOST = { cpus: 1, memoryMiB: 512 };

/** How far a job is. */
const Progress = z.object({ done: z.int(), of: z.int() });
export type Progress = z.output<typeof Progress>;

export interface JobEnd {
  readonly isDone: boolean;
  readonly done: number;
  readonly of: number;
  /** what the agent charged, such as `512 cpu.milliseconds, 3 memory.gib_seconds` */
  readonly charged: string;
  /** why the agent ended it; `null` if it came to its end */
  readonly why: string | null;
}

export interface JobDeps {
  /** the metering server's address */
  readonly server: string;
  readonly parties: Pick<Parties, "providerKey">;
  readonly onProgress: (progress: Progress) => void;
}

/** The agent ended the job (`npm run meter -- --help`). */
const ENDED_BY_THE_AGENT = 75;

/** Exit code of an agent that did not start the job, because it cannot be paid. */
const NOT_BEGUN = 69;

/** The budget does not cover the first hold. */
export class BudgetTooSmall extends Error {
  override readonly name = "BudgetTooSmall";
}

/**
 * Runs a job of so many parts under the meter agent, which charges the CPU and memory that it uses
 * to the key, and ends it before the key's budget does.
 */
export async function runJob(
  { server, parties, onProgress }: JobDeps,
  { apiKey, count }: { readonly apiKey: string; readonly count: number },
): Promise<JobEnd> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "compute-credits-batch-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  // Keys are read from files: a command line is seen by all users of the machine.
  const [providerKey, payerKey] = [join(folder, "provider.key"), join(folder, "payer.key")];
  await writeFile(providerKey, parties.providerKey, { mode: 0o600 });
  await writeFile(payerKey, apiKey, { mode: 0o600 });

  const agent = startProgram(here("../../meter/main.ts"), {}, [
    "run",
    ...flagsOf({ server, state: join(folder, "leases") }),
    ...flagsOf({ "key-file": providerKey, "payer-key-file": payerKey }),
    // Used CPU and memory are charged. What it may use at most is what a hold keeps.
    "--cpu",
    "--memory",
    ...flagsOf({ cpus: MOST.cpus, "memory-limit": `${MOST.memoryMiB}MiB`, ...TIMING }),
    "--",
    process.execPath,
    here("./job.ts"),
    `${count}`,
  ]);
  let last: Progress = { done: 0, of: count };
  const { stdout } = agent.process;
  if (stdout === null) throw new Error("the agent has no output");
  for await (const line of createInterface({ input: stdout })) {
    const progress = Progress.safeParse(parsed(line));
    if (!progress.success) continue;
    last = progress.data;
    onProgress(last);
  }
  const code = await agent.ended;
  const said = agent.said();
  if (code === NOT_BEGUN) throw new BudgetTooSmall(/nothing was started: (.*)/.exec(said)?.[1]);
  if (code !== 0 && code !== ENDED_BY_THE_AGENT) throw new Error(`the agent failed: ${said}`);
  return {
    ...last,
    isDone: code === 0,
    charged: /meter: charged (.*)/.exec(said)?.[1] ?? "nothing",
    why: /ending the workload \((\w+)\)/.exec(said)?.[1] ?? null,
  };
}

function here(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

function flagsOf(options: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`]);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** Seconds that the first hold covers, whatever the job does. */
export const HELD_SECONDS = TIMING.reach;
