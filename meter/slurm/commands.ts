import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";

import { z } from "zod";

import { UsageError } from "@compute-credits/platform/process/commandLine";
import type { Ledger, LineCapture, Outcome } from "../lease/ledger.ts";
import type { Meters } from "../lease/linesOf.ts";
import { SACCT_FORMAT, isFinished, readJobs, readPendingJob } from "./sacct.ts";
import { linesOfJob } from "./usage.ts";

/** What both ends of a job are told. */
export interface SlurmOptions {
  readonly job: string;
  /** `SLURM_RESTART_COUNT`: a job that Slurm starts again has a hold of its own each time */
  readonly restarts: number;
  readonly meters: Meters;
  /** JSON: the spender of each Slurm account */
  readonly accountsFile: string;
  /** a ledger that charges a spender */
  readonly ledgerOf: (spender: string) => Ledger;
  readonly say: (line: string) => void;
}

/** Exit codes of Slurm's hooks: with any but 0 a prolog keeps the job from running. */
const DONE = 0;
const REFUSED = 69;
const AGAIN = 75;

/** Slurm ends a job some time after its limit, and its account comes some time after that. */
const SLACK_SECONDS = 600n;

const Accounts = z.record(z.string(), z.string());

const run = promisify(execFile);

/** Before a job: holds the most that it can use within its time limit. Resolves to an exit code. */
export async function holdForJob(options: SlurmOptions): Promise<number> {
  const { job, meters, say } = options;
  const pending = readPendingJob(await output("scontrol", ["show", "job", "--oneliner", job]));
  if (pending === null) throw new UsageError(`scontrol knows no job ${job}.`);
  const { limitSeconds, account } = pending;
  if (limitSeconds === null) {
    say(`job ${job} has no time limit, so nothing can cover it: submit it with --time`);
    return REFUSED;
  }
  const seconds = limitSeconds + SLACK_SECONDS;
  return codeOf(
    await options.ledgerOf(spenderOf(options, account)).open({
      id: holdOf(options),
      ttlSeconds: Number(seconds),
      lines: linesOfJob({ ...pending.allocated, seconds }, meters),
    }),
    say,
  );
}

/** After a job: charges what it had, by Slurm's account, and returns the rest. */
export async function chargeJob(options: SlurmOptions): Promise<number> {
  const { job, meters, say } = options;
  const args = ["--jobs", job, "--allocations", "--noheader", "--parsable2"];
  const text = await output("sacct", [...args, `--format=${SACCT_FORMAT}`]);
  const found = readJobs(text).find(({ id }) => id === job);
  if (found === undefined || !isFinished(found)) {
    say(`job ${job} has no final account yet: run this again`);
    return AGAIN;
  }
  const hold = holdOf(options);
  const lines: Record<string, LineCapture["lines"][string]> = {};
  for (const { id, quantity } of linesOfJob(found, meters)) {
    lines[id] = { eventId: `${hold}/${id}`, quantity };
  }
  const ledger = options.ledgerOf(spenderOf(options, found.account));
  const hasLines = Object.keys(lines).length > 0;
  const usedUpTo = new Date().toISOString();
  const outcome = hasLines
    ? await ledger.capture({ hold, lines, isFinal: true, usedUpTo, parties: null })
    : await ledger.release(hold);
  return codeOf(outcome, say);
}

function holdOf({ job, restarts }: SlurmOptions): string {
  return `slurm/${job}/${restarts}`;
}

function spenderOf({ accountsFile }: SlurmOptions, account: string): string {
  const spender = Accounts.parse(JSON.parse(readFileSync(accountsFile, "utf8")))[account];
  if (spender !== undefined) return spender;
  throw new UsageError(`${accountsFile} has no spender for Slurm's account ${account}.`);
}

function codeOf(outcome: Outcome<unknown>, say: (line: string) => void): number {
  if (outcome.is === "done") return DONE;
  say(outcome.said);
  return outcome.is === "refused" ? REFUSED : AGAIN;
}

async function output(command: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run(command, args, { timeout: 30_000, maxBuffer: 1_048_576 });
    return stdout;
  } catch (cause) {
    throw new UsageError(`${command} failed: is this a machine of the cluster?`, { cause });
  }
}
