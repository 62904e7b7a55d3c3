/** `npm run credits`: what wallets, providers and operators do, on any chain. */
import { createInterface } from "node:readline/promises";

import { runCredits } from "./credits/program.ts";

process.exitCode = await runCredits(process.argv.slice(2), {
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
  environment: process.env,
  ask: process.stdin.isTTY ? ask : null,
});

/** Asks on the error stream, so that the output is only what a verb answers. */
async function ask(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(question)).trim());
  } finally {
    terminal.close();
  }
}
