import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

export type Environment = Readonly<Record<string, string | undefined>>;

/** A program of this project in a process of its own. */
export interface Program {
  readonly process: ChildProcess;
  /** what it printed so far */
  readonly said: () => string;
  /** Ends it with a signal, if it still runs, and waits until it has gone. */
  readonly end: (signal?: NodeJS.Signals) => Promise<void>;
  /** its exit code, or the signal that ended it */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** Starts a program with only this environment. */
export function startProgram(
  path: string,
  environment: Environment,
  args: readonly string[] = [],
): Program {
  const child = spawn(process.execPath, [path, ...args], {
    env: { PATH: process.env["PATH"], ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  }
  const ended = once(child, "close").then(() => child.exitCode ?? child.signalCode);
  return {
    process: child,
    said: () => output,
    ended,
    async end(signal = "SIGTERM") {
      child.kill(signal);
      await ended;
    },
  };
}

/** Runs a program to its end and returns what it printed. Throws if it fails. */
export async function runProgram(
  path: string,
  environment: Environment,
  args: readonly string[],
): Promise<string> {
  const program = startProgram(path, environment, args);
  const code = await program.ended;
  if (code !== 0) throw new Error(`${path} ended with ${code}: ${program.said()}`);
  return program.said();
}
