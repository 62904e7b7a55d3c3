/** `npm start`: the whole system on this machine, to look at and to try. */
import { accessSync, constants } from "node:fs";

import {
  readOptions,
  run,
  UsageError,
  wholeNumber,
} from "@compute-credits/platform/process/commandLine";
import { makeFolderSync } from "@compute-credits/platform/process/makeFolder";
import { DEFAULT_PORTS, portMistakes } from "./local/ports.ts";

const HELP = `npm start [-- OPTIONS]      a local chain, the contracts and a metering server

  --port NUMBER               the server's HTTP port (${DEFAULT_PORTS.server}); 0 takes any free one
  --rpc-port NUMBER           the chain's JSON-RPC port (${DEFAULT_PORTS.rpc}); 0 takes any free one
  --data FOLDER               where the embedded database lives (.data/local)
  --settle-seconds NUMBER     pause between two checkpoints (15)
  --operator                  names the test wallet operator in OPERATORS: providers then
                              need its approval
  --log-level LEVEL           of the server: debug, info, warn, error or silent (warn)
  --help                      this text

Everything listens on 127.0.0.1 only. Ctrl-C stops it all.`;

const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"];

/** A week: the server's own bound. */
const MOST_SETTLE_SECONDS = 604_800;

await run(async () => {
  const { values } = readOptions({
    options: {
      port: { type: "string", default: `${DEFAULT_PORTS.server}` },
      "rpc-port": { type: "string", default: `${DEFAULT_PORTS.rpc}` },
      data: { type: "string", default: ".data/local" },
      "settle-seconds": { type: "string", default: "15" },
      operator: { type: "boolean", default: false },
      "log-level": { type: "string", default: "warn" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }

  const ports = { least: 0, most: 65_535 };
  const port = wholeNumber("--port", values.port, ports);
  const rpcPort = wholeNumber("--rpc-port", values["rpc-port"], ports);
  const settleIntervalSeconds = wholeNumber("--settle-seconds", values["settle-seconds"], {
    least: 1,
    most: MOST_SETTLE_SECONDS,
  });
  const logLevel = values["log-level"];
  if (!LOG_LEVELS.includes(logLevel)) {
    throw new UsageError(`--log-level is one of ${LOG_LEVELS.join(", ")}, not "${logLevel}".`);
  }
  await checkPorts(port, rpcPort);
  checkFolder(values.data);

  console.log("Starting a local chain and a metering server …");
  // Loaded only now: it takes a second, and a mistake above is answered at once.
  const { runLocal } = await import("./local/runLocal.ts");
  await runLocal({
    port,
    rpcPort,
    dataFolder: values.data,
    settleIntervalSeconds,
    logLevel,
    hasOperator: values.operator,
  });
});

function checkFolder(folder: string): void {
  if (folder === "") throw new UsageError("--data needs the name of a folder.");
  try {
    makeFolderSync(folder);
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new UsageError(`--data ${folder} is not a folder that can be written to.`, {
      cause: error,
    });
  }
}

async function checkPorts(port: number, rpcPort: number): Promise<void> {
  if (port === rpcPort && port !== 0) {
    throw new UsageError(`--port and --rpc-port are both ${port}. They must differ.`);
  }
  const mistakes = await portMistakes([
    { port, option: "--port" },
    { port: rpcPort, option: "--rpc-port" },
  ]);
  if (mistakes.length > 0) throw new UsageError(mistakes.join("\n"));
}
