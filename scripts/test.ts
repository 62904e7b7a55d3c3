/** `npm test`: all checks and tests that CI runs, in two lanes beside each other. */
import { type ChildProcess, spawn } from "node:child_process";

import { readOptions, run } from "@compute-credits/platform/process/commandLine";

const HELP = `npm test            checks, Solidity tests and TypeScript tests: what CI runs
npm run test:full   the same at full length: see test/fixtures/effort.ts

  --full   at full length
  --help   this text`;

/** Scripts of package.json: each lane runs its own one after the other. */
const TYPESCRIPT_LANE = ["test:ts"];
const CONTRACT_LANE = ["check", "test:contracts"];
const FULL_CONTRACT_LANE = [...CONTRACT_LANE, "test:deep"];

interface Outcome {
  readonly script: string;
  readonly isPassed: boolean;
  /** tests that passed */
  readonly passing: number;
}

const running = new Set<ChildProcess>();

await run(async () => {
  const { values } = readOptions({
    options: {
      full: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return console.log(HELP);
  stopWithThisProcess();

  const startedAt = performance.now();
  const env = { ...process.env, ...(values.full && { TEST_FULL: "1" }) };
  const lanes = await Promise.all([
    runLane(TYPESCRIPT_LANE, env, (text) => process.stdout.write(text)),
    runLane(values.full ? FULL_CONTRACT_LANE : CONTRACT_LANE, env),
  ]);
  const outcomes = lanes.flat();

  const failed = outcomes.filter(({ isPassed }) => !isPassed).map(({ script }) => script);
  if (failed.length > 0) {
    console.error(`failed: ${failed.join(", ")}`);
    process.exitCode = 1;
  }
  const counts = outcomes.filter(({ passing }) => passing > 0);
  const total = counts.reduce((sum, { passing }) => sum + passing, 0);
  const parts = counts.map(({ script, passing }) => `${script} ${passing}`).join(", ");
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.log(`${total} passing (${parts}) in ${seconds} s`);
});

/** Prints as its scripts go, or else after each of them. */
async function runLane(
  scripts: readonly string[],
  env: NodeJS.ProcessEnv,
  print?: (text: string) => void,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const script of scripts) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { isPassed, output } = await runScript(script, env, print);
    if (print === undefined) process.stdout.write(`\n${script}\n${output}`);
    let passing = 0;
    for (const [, count] of output.matchAll(/^ *(\d+) passing/gm)) passing += Number(count);
    outcomes.push({ script, isPassed, passing });
  }
  return outcomes;
}

/** Runs a script in a process group of its own, which can be ended as a whole. */
async function runScript(
  script: string,
  env: NodeJS.ProcessEnv,
  print?: (text: string) => void,
): Promise<{ isPassed: boolean; output: string }> {
  const child = spawn("npm", ["run", "--silent", script], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  running.add(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      print?.(text);
    });
  }
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once("error", reject).once("close", resolve);
  const code = await promise;
  running.delete(child);
  return { isPassed: code === 0, output };
}

/** npm does not pass a signal on to what it runs. */
function stopWithThisProcess(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      for (const { pid } of running) if (pid !== undefined) process.kill(-pid, signal);
      process.exit(1);
    });
  }
}
