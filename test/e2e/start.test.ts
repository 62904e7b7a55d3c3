import { type ChildProcess, type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { type Server, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { expect } from "chai";

import { eventually } from "../../scripts/local/eventually.ts";

import { send } from "../fixtures/http.ts";

const START = fileURLToPath(new URL("../../scripts/start.ts", import.meta.url));
const CREDITS = fileURLToPath(new URL("../../scripts/credits.ts", import.meta.url));

/** `npm start`, as a process of its own, and all that it has said. */
interface Started {
  readonly process: ChildProcess;
  readonly said: () => string;
  readonly ended: Promise<number | null>;
}

describe("npm start", () => {
  const processes: Started[] = [];
  let folder: string;
  let ports: { server: number; chain: number };
  let first: Started;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "compute-credits-test-"));
    ports = { server: await freePort(), chain: await freePort() };
    first = start(ports);
    await welcomed(first);
  });
  after(async () => {
    for (const each of processes) each.process.kill("SIGKILL");
    await Promise.all(processes.map(({ ended }) => ended));
    await rm(folder, { recursive: true, force: true });
  });

  function start(at: { server: number; chain: number }, data = join(folder, "data")): Started {
    const child = spawn(
      process.execPath,
      [START, "--port", `${at.server}`, "--rpc-port", `${at.chain}`, "--data", data],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    return watched(child);
  }

  function watched(child: ChildProcessByStdio<null, Readable, Readable>): Started {
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
    }
    const { promise: ended, resolve } = Promise.withResolvers<number | null>();
    // Not "exit": only here all that it said has been read.
    child.once("close", resolve);
    const started = { process: child, said: () => said, ended };
    processes.push(started);
    return started;
  }

  it("says what runs where, with wallets and commands to try", () => {
    const said = first.said();
    expect(said).to.include(`http://127.0.0.1:${ports.chain}`);
    expect(said).to.include(`http://127.0.0.1:${ports.server}`);
    expect(said).to.match(/alice +0x[0-9a-fA-F]{40} +key 0x[0-9a-f]{64}/);
    const commands = said.match(/^ {2}npm run credits -- .*$/gm);
    expect(commands).to.have.length(3);
    for (const command of commands ?? []) {
      expect(command).to.include(
        ` --server http://127.0.0.1:${ports.server} --rpc http://127.0.0.1:${ports.chain}`,
      );
    }
  });

  it("prints the dashboard's address first, and a browser gets the page there", async () => {
    const [, address = ""] = /Dashboard +(http\S+)/.exec(first.said()) ?? [];
    expect(first.said().indexOf(address)).to.be.lessThan(first.said().indexOf("Chain  "));
    expect(address).to.equal(`http://127.0.0.1:${ports.server}/`);
    const page = await fetch(address, { headers: { accept: "text/html" } });
    expect(await page.text()).to.include("<title>Compute Credits</title>");
  });

  it("is ready: it answers, its database works, the chain is followed", async () => {
    const ready = await eventually("readiness", async () => {
      const answer = await send(`http://127.0.0.1:${ports.server}/readyz`);
      return answer.status === 200 && answer;
    });
    expect(ready.document["status"]).to.equal("ready");
  });

  it("mines without transactions, so that checkpoints become final on a quiet chain", async () => {
    const url = `http://127.0.0.1:${ports.chain}`;
    const blockNumber = async () => {
      const body = { jsonrpc: "2.0", id: 1, method: "eth_blockNumber", params: [] };
      return Number((await send(url, { body })).document["result"]);
    };
    const before = await blockNumber();
    await eventually("another block", async () => (await blockNumber()) > before);
  });

  it("prints commands that work on its ports: bought, worked for, and what is left", async () => {
    const commands = first.said().match(/^ {2}npm run credits -- .*$/gm) ?? [];
    const said: string[] = [];
    for (const command of commands) {
      const args = command.replace("  npm run credits -- ", "").split(" ");
      // oxlint-disable-next-line no-await-in-loop -- each builds on the one before
      const { stdout } = await promisify(execFile)(process.execPath, [CREDITS, ...args]);
      said.push(stdout);
    }
    const [bought, worked, balance] = said;
    // The command ends once the ledger counts the purchase: the next one may spend it.
    expect(bought).to.match(/^Asked http:\/\/127\.0\.0\.1:\d+\nbought 1000 credits for 10 dollars/);
    expect(worked).to.match(/^one job: \d+ ms of CPU, \d+ bytes, 0\.\d+ credits$/m);
    expect(balance).to.match(/^spent +0\.\d+$/m);
    expect(balance).to.match(/^available +999\.\d+$/m);
  });

  for (const [which, option] of [
    ["chain", "--rpc-port"],
    ["server", "--port"],
  ] as const) {
    it(`names a taken port and ${option}, starts nothing, and ends with 1`, async () => {
      const busy = createServer();
      const port = await listen(busy);
      const data = join(folder, which);
      const refused = start({ server: 0, chain: 0, [which]: port }, data);
      expect(await refused.ended).to.equal(1);
      busy.close();

      expect(refused.said()).to.equal(
        `Port ${port} on 127.0.0.1 is taken by another program. Stop it, or choose another with ${option}.\n`,
      );
      expect(existsSync(data)).to.equal(false);
    });
  }

  it("names both ports if both are taken", async () => {
    const refused = start(ports, join(folder, "both"));
    expect(await refused.ended).to.equal(1);
    expect(refused.said().match(/choose another with --\S+\./g)).to.deep.equal([
      "choose another with --port.",
      "choose another with --rpc-port.",
    ]);
  });

  it("refuses a data folder that is in use, says by whom, and leaves it alone", async () => {
    const second = start({ server: 0, chain: 0 });
    expect(await second.ended).to.equal(1);
    expect(second.said()).to.include(`is in use by process ${first.process.pid}`);
    expect(second.said()).not.to.match(/^ +at /m);
    expect((await send(`http://127.0.0.1:${ports.server}/readyz`)).status).to.equal(200);
  });

  it("refuses a data folder that is a file", async () => {
    const refused = start({ server: 0, chain: 0 }, START);
    expect(await refused.ended).to.equal(1);
    expect(refused.said()).to.equal(`--data ${START} is not a folder that can be written to.\n`);
  });

  it("ends on SIGTERM with 0, and leaves nothing listening", async () => {
    first.process.kill("SIGTERM");
    expect(await first.ended).to.equal(0);
    expect(first.said()).to.match(/Stopped\.\n$/);
    for (const port of [ports.server, ports.chain]) {
      const server = createServer();
      expect(await listen(server, port)).to.equal(port);
      server.close();
    }
  });

  it("takes the folder over from a process that was killed, ends when its npm is killed, and frees its ports", async () => {
    const killed = start({ server: 0, chain: 0 });
    await welcomed(killed);
    killed.process.kill("SIGKILL");
    await killed.ended;

    const free = { server: await freePort(), chain: await freePort() };
    const command = `"${process.execPath}" "${START}" --port ${free.server} --rpc-port ${free.chain} --data "${join(folder, "data")}" & wait`;
    const npm = spawn("sh", ["-c", command], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, npm_lifecycle_event: "start" },
    });
    const next = watched(npm);
    await welcomed(next);
    expect(next.said()).to.include(`Metering server  http://127.0.0.1:${free.server}`);

    npm.kill("SIGKILL");
    // It closes only when the child, which writes to the same pipes, has ended too.
    await next.ended;
    expect(next.said()).to.match(/Stopped\.\n$/);
    for (const port of [free.server, free.chain]) {
      const server = createServer();
      expect(await listen(server, port)).to.equal(port);
      server.close();
    }
  });
});

async function welcomed(started: Started): Promise<void> {
  await eventually("the welcome", async () => {
    if (started.process.exitCode !== null) {
      throw new Error(`it ended with ${started.process.exitCode}: ${started.said()}`);
    }
    return started.said().includes("Ctrl-C stops everything.");
  });
}

async function freePort(): Promise<number> {
  const probe = createServer();
  const port = await listen(probe);
  probe.close();
  await once(probe, "close");
  return port;
}

async function listen(server: Server, port = 0): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
