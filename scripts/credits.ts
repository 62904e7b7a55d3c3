/** `npm run credits`: what wallets, providers and operators do, on any chain. */
import { once } from "node:events";
import { createInterface } from "node:readline/promises";

import { runCredits } from "./credits/program.ts";

// A reader such as `head` has seen enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

process.exitCode = await runCredits(process.argv.slice(2), {
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
  environment: process.env,
  ask: process.stdin.isTTY ? ask : null,
  interrupted,
});

/** Aborts at the first Ctrl-C; a second one ends the process. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => controller.abort());
  }
  return controller.signal;
}

/**
 * Asks on the error stream, so that the output is only what a verb answers. A terminal that closes
 * says no.
 */
async function ask(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const closed = once(terminal, "close").then(() => "");
  try {
    const answer = await Promise.race([terminal.question(question).catch(() => ""), closed]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
