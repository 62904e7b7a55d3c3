/**
 * Does what pages type, one after the other, in a process that has loaded the CLI and the SDK: each
 * would else take a second to load. Its argument is the system. Prints its port.
 */
import { randomUUID } from "node:crypto";
import { type Socket, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { format } from "node:util";

import { createTestClient, createWalletClient, http, publicActions } from "viem";
import { hardhat } from "viem/chains";

import { getReport } from "@compute-credits/api/insight/report";
import { createApi } from "@compute-credits/client/http/api";
import { createReadAccess } from "@compute-credits/client/wallet/logAccess";
import { runCredits } from "../../../scripts/credits/program.ts";
import { wallets } from "../../../scripts/local/wallets.ts";
import { SystemJson } from "./system.ts";

/** Between two looks at the server. */
const PAUSE_MS = 100;
/** A busy machine takes a few seconds. */
const MOST_MS = 60_000;
/** Longer than the dispute window of the local contract. */
const STEP_SECONDS = 15;

const {
  server: serverUrl,
  rpc: rpcUrl,
  contract,
} = SystemJson.parse(JSON.parse(process.argv[2] ?? ""));
const transport = http(rpcUrl);
const chain = createTestClient({ mode: "hardhat", chain: hardhat, transport }).extend(
  publicActions,
);
const { account } = wallets.signer;
const signer = createWalletClient({ account, transport });
const deployment = { chainId: hardhat.id, contract };
const auditor = createApi(serverUrl, { authorization: createReadAccess(signer, deployment) });

/** Differences of the books that go away when a checkpoint is final. */
const OPEN = new Set(["not_in_a_checkpoint_yet", "checkpoint_not_final_yet"]);

interface Asked {
  readonly folder: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Shows text on one of the streams of who asked. */
type Show = (stream: 1 | 2, text: string) => void;

let before: Promise<void> = Promise.resolve();

const server = createServer((socket) => {
  before = before.then(() => answer(socket));
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address !== "string") console.log(address.port);
});

async function answer(socket: Socket): Promise<void> {
  const show: Show = (stream, text) => {
    const bytes = Buffer.from(text);
    socket.write(Buffer.concat([Buffer.from(`${stream} ${bytes.length}\n`), bytes]));
  };
  const code = await perform(await asked(socket), show).catch((error: unknown) => {
    show(2, `${format(error)}\n`);
    return 1;
  });
  socket.end(`exit ${code}\n`);
}

async function perform({ folder, args, environment }: Asked, show: Show): Promise<number> {
  process.chdir(folder);
  const [command = "", ...rest] = args;
  switch (command) {
    case "credits":
      return await runCredits(rest, {
        out: (text) => show(1, `${text}\n`),
        err: (text) => show(2, `${text}\n`),
        environment,
        ask: null,
        interrupted: () => new AbortController().signal,
      });
    case "script":
      return await runScript(rest[0] ?? "", rest.slice(1), show);
    case "ts":
      await runProgram(join(folder, rest[0] ?? ""), environment, show);
      return 0;
    case "sleep":
      await untilFinal();
      return 0;
    default:
      throw new Error(`unknown: ${command}`);
  }
}

/**
 * In place of sleeping: the chain of the tests makes no block without a transaction. Waits until the
 * server has seen every block, and all that it has recorded is in a final checkpoint.
 */
async function untilFinal(): Promise<void> {
  const head = await chain.getBlockNumber({ cacheTime: 0 });
  for (const end = Date.now() + MOST_MS; Date.now() < end;) {
    // oxlint-disable-next-line no-await-in-loop -- until it is so
    const { block, liability, comparisons } = await auditor.call(getReport, {});
    const isOpen = comparisons.some(({ differences }) =>
      differences.some(({ because }) => OPEN.has(because)),
    );
    if (block.number >= head && liability.refunding.micros === 0n && !isOpen) return;
    // oxlint-disable-next-line no-await-in-loop -- as above
    await chain.increaseTime({ seconds: STEP_SECONDS });
    // oxlint-disable-next-line no-await-in-loop -- as above
    await chain.mine({ blocks: 1 });
    // oxlint-disable-next-line no-await-in-loop -- as above
    await delay(PAUSE_MS);
  }
  throw new Error(`nothing became final within ${MOST_MS / 1000} s`);
}

/** Runs a script of package.json with its arguments, as a process of its own would. */
async function runScript(path: string, args: readonly string[], show: Show): Promise<number> {
  const { log, error } = console;
  const { argv } = process;
  console.log = (...values: unknown[]) => show(1, `${format(...values)}\n`);
  console.error = (...values: unknown[]) => show(2, `${format(...values)}\n`);
  process.argv = [process.execPath, path, ...args];
  process.exitCode = 0;
  try {
    // A module of the same address would not run again.
    await import(`${pathToFileURL(path).href}?run=${randomUUID()}`);
    return codeOf(process);
  } finally {
    process.exitCode = 0;
    process.argv = argv;
    Object.assign(console, { log, error });
  }
}

/** What a script has set meanwhile. */
function codeOf({ exitCode }: Pick<NodeJS.Process, "exitCode">): number {
  return Number(exitCode ?? 0);
}

/** Runs a program to the end of its module. */
async function runProgram(
  path: string,
  environment: Readonly<Record<string, string>>,
  show: Show,
): Promise<void> {
  const { log } = console;
  console.log = (...values: unknown[]) => show(1, `${format(...values)}\n`);
  Object.assign(process.env, environment);
  try {
    await import(pathToFileURL(path).href);
  } finally {
    console.log = log;
  }
}

/** Reads the folder, the number of the arguments, the arguments, and variables up to an empty text. */
async function asked(socket: Socket): Promise<Asked> {
  const { promise, resolve, reject } = Promise.withResolvers<Asked>();
  let received = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk) => {
    received += String(chunk);
    const parts = received.split("\0");
    const [folder = "", count = ""] = parts;
    const afterArgs = 2 + Number(count);
    const end = parts.indexOf("", afterArgs);
    // The last part is what has no end yet.
    if (parts.length < 3 || end < 0 || end === parts.length - 1) return;
    const variables = parts.slice(afterArgs, end).map((text) => {
      const at = text.indexOf("=");
      return [text.slice(0, at), text.slice(at + 1)] as const;
    });
    const environment = Object.fromEntries(variables);
    resolve({ folder, args: parts.slice(2, afterArgs), environment });
  });
  socket.once("close", () => reject(new Error("the shell has gone")));
  return await promise;
}
