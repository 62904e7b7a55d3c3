/** `npm run example:batch`: a batch job within a budget, charged by what it uses, beside `npm start`. */
import {
  UsageError,
  httpUrl,
  readOptions,
  run,
  wholeNumber,
} from "@compute-credits/platform/process/commandLine";
import { formatCredits, parseCredits } from "@compute-credits/protocol/amounts";
import { openParties } from "../parties.ts";
import { playBatch } from "./play.ts";
import { BudgetTooSmall } from "./runJob.ts";

const HELP = `npm run example:batch [-- OPTIONS]     a batch job within a budget, charged by use

Needs npm start in another terminal. The job compresses parts; the meter agent charges its CPU and
memory, and ends it before the budget does.

  --budget CREDITS   the most that the job may cost (0.1)
  --parts NUMBER     how much there is to do (40)
  --server URL       the metering server (http://127.0.0.1:8080)
  --rpc URL          the chain (http://127.0.0.1:8545)
  --help             this text`;

await run(
  async () => {
    const { values } = readOptions({
      options: {
        budget: { type: "string", default: "0.1" },
        parts: { type: "string", default: "40" },
        server: { type: "string", default: "http://127.0.0.1:8080" },
        rpc: { type: "string", default: "http://127.0.0.1:8545" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      console.log(HELP);
      return;
    }
    const budgetMicros = budgetOf(values.budget);
    const count = wholeNumber("--parts", values.parts, { least: 1, most: 100_000 });
    const server = httpUrl("--server", values.server);
    const parties = await openParties({ server, rpc: httpUrl("--rpc", values.rpc) });
    await parties.buy(budgetMicros);
    const deps = { server, parties, say: console.log, isTerminal: process.stdout.isTTY };
    const { isDone } = await playBatch(deps, { budgetMicros, count });
    if (!isDone) console.log("More budget does more: --budget CREDITS.");
  },
  (error) => (error instanceof BudgetTooSmall ? `The budget is too small: ${error.message}` : null),
);

function budgetOf(text: string): bigint {
  try {
    const micros = parseCredits(text);
    if (micros > 0n) return micros;
  } catch (cause) {
    throw new UsageError(`--budget is "${text}": an amount of credits, such as 0.5.`, { cause });
  }
  throw new UsageError(`--budget is ${formatCredits(0n)}: the job costs something.`);
}
