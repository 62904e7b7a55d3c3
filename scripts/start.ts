/** `npm start`: the whole system on this machine, to look at and to try. */
import { parseArgs } from "node:util";

import { pino } from "pino";

import { FolderInUse } from "@compute-credits/platform/postgres/folderLock";
import { ConfigError } from "@compute-credits/platform/process/environment";
import { untilStopped } from "@compute-credits/platform/process/untilStopped";
import { PortTaken } from "./local/localChain.ts";
import { type LocalStack, startLocalStack } from "./local/localStack.ts";
import { wallets } from "./local/wallets.ts";

const HELP = `npm start -- [options]      a local chain, the contracts and a metering server

  --port NUMBER               the server's HTTP port (8080)
  --chain-port NUMBER         the chain's JSON-RPC port (8545)
  --data FOLDER               where the embedded database lives (.data/local)
  --settle-seconds NUMBER     pause between two checkpoints (15)
  --log-level LEVEL           of the server: info, debug, warn, error, silent (warn)
  --help                      this text

Everything listens on 127.0.0.1 only. Ctrl-C stops it all.`;

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "8080" },
    "chain-port": { type: "string", default: "8545" },
    data: { type: "string", default: ".data/local" },
    "settle-seconds": { type: "string", default: "15" },
    "log-level": { type: "string", default: "warn" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(HELP);
else await start();

async function start(): Promise<void> {
  console.log("Building the contracts and starting: the first time takes a minute …");
  try {
    const log = pino({ level: values["log-level"] });
    const stack = await startLocalStack({
      port: Number(values.port),
      chainPort: Number(values["chain-port"]),
      dataFolder: values.data,
      settleIntervalSeconds: Number(values["settle-seconds"]),
      feeBps: 200,
      log,
    });
    console.log(welcome(stack));
    await untilStopped(stack, log);
    console.log("Stopped.");
  } catch (error) {
    const isMistake =
      error instanceof ConfigError || error instanceof PortTaken || error instanceof FolderInUse;
    console.error(isMistake ? error.message : error);
    process.exitCode = 1;
  }
}

function welcome({ rpcUrl, server, token, contract }: LocalStack): string {
  const people = (["alice", "bob", "provider"] as const).map((name) => {
    const { account, privateKey } = wallets[name];
    return `  ${name.padEnd(9)} ${account.address}  key ${privateKey}`;
  });
  const alice = wallets.alice.account.address;
  return `
Chain            ${rpcUrl} (Hardhat, chain 31337; new, and gone when this stops)
Metering server  ${server.url} (${server.database}; begun anew, because the chain is new; no fsync: fine for trying things out)
Test dollar      ${token}
ComputeCredits   ${contract}
Settlement       a checkpoint every ${values["settle-seconds"]} s where something changed, final 10 s later

Test wallets (public keys of Hardhat's test phrase: never send them anything of worth)
${people.join("\n")}

Try, in another terminal:
  npm run credits -- buy --wallet alice --credits 1000
  curl -s ${server.url}/v1/accounts/${alice}
  npm run credits -- work --wallet alice

Ctrl-C stops everything.`;
}
