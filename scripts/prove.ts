/** `npm run prove`: proves the accounting with the compiler's SMTChecker and z3, both from npm. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import type { init } from "z3-solver";

import { readOptions, run } from "@compute-credits/platform/process/commandLine";

const require = createRequire(import.meta.url);
const solc: Solc = require("solc");

const HELP = `npm run prove      proves the assertions in test/contracts/proofs

Exits with 1 if an assertion is not proved. Takes about a minute.

  --help    this text`;

type Z3 = Awaited<ReturnType<typeof init>>["Z3"];

interface Solc {
  compile(
    input: string,
    callbacks: {
      import: (path: string) => { contents: string } | { error: string };
      smtSolver: (query: string) => { contents: string } | { error: string };
    },
  ): string;
}

interface Message {
  readonly severity: string;
  readonly errorCode?: string;
  readonly formattedMessage: string;
}

/** The SMTChecker's codes for a proved target. */
const PROVED = new Set(["1391", "2961", "6002", "9576"]);
/** The SMTChecker's codes for notes about itself. */
const NOTES = new Set(["5724", "8084"]);

const files = ["AccountingProof.sol", "PoolsProof.sol"];
const root = new URL("../", import.meta.url);

async function source(path: string): Promise<string> {
  return readFile(new URL(path, root), "utf8");
}

await run(async () => {
  const { values } = readOptions({ options: { help: { type: "boolean", default: false } } });
  if (values.help) {
    console.log(HELP);
    return;
  }
  await prove();
});
// z3's threads would keep the process alive.
process.exit();

/**
 * The compiler asks z3 within a synchronous call, and z3 answers asynchronously. So each round
 * collects new queries and answers them before the next one.
 */
async function prove(): Promise<void> {
  const input = JSON.stringify(await readInput());
  const z3 = await import("z3-solver");
  const { Z3 } = await z3.init();
  const answers = new Map<string, string>();
  for (;;) {
    const asked: string[] = [];
    const output: { errors?: Message[] } = JSON.parse(
      solc.compile(input, {
        import: (path) => ({ error: `not found: ${path}` }),
        smtSolver: (query) => {
          const known = answers.get(query);
          if (known !== undefined) return { contents: known };
          asked.push(query);
          return { contents: "unknown\n" };
        },
      }),
    );
    if (asked.length === 0) {
      report(output.errors ?? []);
      return;
    }
    for (const query of asked) {
      // oxlint-disable-next-line no-await-in-loop -- z3 answers one query at a time
      answers.set(query, await solve(Z3, query));
    }
  }
}

/** Reads the sources and returns the compiler's input. */
async function readInput(): Promise<unknown> {
  const sources: Record<string, { content: string }> = {};
  for (const path of [
    "contracts/libraries/Accounting.sol",
    "contracts/libraries/Movement.sol",
    "contracts/libraries/PartyRecord.sol",
    ...files.map((file) => `test/contracts/proofs/${file}`),
  ]) {
    sources[path] = { content: await source(path) };
  }
  return {
    language: "Solidity",
    sources,
    settings: {
      outputSelection: {},
      modelChecker: {
        contracts: Object.fromEntries(
          files.map((file) => [`test/contracts/proofs/${file}`, [file.replace(".sol", "")]]),
        ),
        engine: "bmc",
        solvers: ["smtlib2"],
        targets: ["assert"],
        showProvedSafe: true,
        showUnproved: true,
      },
    },
  };
}

async function solve(Z3: Z3, query: string): Promise<string> {
  const config = Z3.mk_config();
  const context = Z3.mk_context(config);
  const answer = await Z3.eval_smtlib2_string(context, `(set-option :timeout 20000)\n${query}`);
  Z3.del_context(context);
  return answer;
}

function report(messages: readonly Message[]): void {
  const all = new Map(messages.map((message) => [message.formattedMessage, message]));
  const told = [...all.values()].filter(
    ({ errorCode, formattedMessage }) =>
      !NOTES.has(errorCode ?? "") &&
      !formattedMessage.includes("engine of the SMTChecker is deprecated"),
  );
  const proved = told.filter(({ errorCode }) => PROVED.has(errorCode ?? ""));
  for (const { formattedMessage } of told) console.log(formattedMessage.trim());
  console.log(`${proved.length} assertions proved, ${told.length - proved.length} not`);
  if (proved.length === 0 || proved.length < told.length) process.exitCode = 1;
}
