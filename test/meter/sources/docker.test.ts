import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { openDocker } from "../../../meter/docker/engine.ts";
import { containerSources } from "../../../meter/sources/docker.ts";
import { createContainerWorkload } from "../../../meter/workload/container.ts";

/** The parts that the agent reads of the example in Docker's Engine API reference (ContainerStats). */
const STATS = {
  networks: {
    eth0: { rx_bytes: 5338, rx_dropped: 0, rx_packets: 36, tx_bytes: 648, tx_packets: 8 },
    eth5: { rx_bytes: 4641, rx_dropped: 0, rx_packets: 26, tx_bytes: 690, tx_packets: 9 },
  },
  memory_stats: { max_usage: 6651904, usage: 6537216, failcnt: 0, limit: 67108864 },
  cpu_stats: {
    cpu_usage: {
      percpu_usage: [8646879, 24472255, 36438778, 30657443],
      usage_in_usermode: 50000000,
      total_usage: 100215355,
      usage_in_kernelmode: 30000000,
    },
    system_cpu_usage: 739306590000000,
    online_cpus: 4,
  },
};

const ID = "ede54ee1afda366ab42f824e8a5ffd195155d853ceaec74a927f249ea270c743";

describe("a container of Docker's", () => {
  let folder: string;
  let socket: string;
  let engine: Server;
  const asked: string[] = [];
  let state = { Running: true, Pid: 4_242, StartedAt: "2026-11-30T10:00:00.000000001Z" };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "compute-credits-docker-"));
    socket = join(folder, "docker.sock");
    engine = createServer((req, res) => {
      asked.push(`${req.method} ${req.url}`);
      const path = req.url ?? "";
      res.setHeader("content-type", "application/json");
      if (!path.includes(`/${ID}/`)) {
        res.writeHead(404).end(JSON.stringify({ message: "No such container: none" }));
      } else if (path.includes("/stats")) {
        res.end(JSON.stringify(STATS));
      } else if (path.includes("/kill")) {
        if (path.endsWith("SIGKILL")) state = { ...state, Running: false, Pid: 0 };
        res.writeHead(204).end();
      } else {
        const HostConfig = { Memory: 67108864, NanoCpus: 0 };
        res.end(JSON.stringify({ Id: ID, State: state, HostConfig }));
      }
    }).listen(socket);
    await once(engine, "listening");
  });
  after(async () => {
    engine.close();
    engine.closeAllConnections();
    await rm(folder, { recursive: true });
  });

  it("is read with one question for all that is measured, and a new epoch after each start", async () => {
    const { cpu, memory, network } = containerSources(openDocker(socket), ID);
    asked.length = 0;
    const epoch = state.StartedAt;
    expect(await Promise.all([cpu, memory, network].map((source) => source.read()))).to.deep.equal([
      { value: 100_215_355n, epoch },
      { value: 6_537_216n, epoch },
      { value: 11_317n, epoch },
    ]);
    expect(asked.filter((path) => path.includes("/stats"))).to.have.length(1);
    state = { ...state, StartedAt: "2026-11-30T11:00:00.000000001Z" };
    expect((await cpu.read())?.epoch).to.equal(state.StartedAt);
  });

  it("is ended by Docker, and by nothing else", async () => {
    const record = { root: null, groups: {}, isOurs: false, container: ID };
    const workload = createContainerWorkload(record, socket, () => Promise.resolve());
    expect(await workload.isRunning()).to.equal(true);
    await workload.terminate();
    expect(await workload.isRunning()).to.equal(true);
    await workload.kill();
    expect(await workload.isRunning()).to.equal(false);
    expect(asked).to.include(`POST /v1.41/containers/${ID}/kill?signal=SIGTERM`);
  });

  it("that is not there is none, and one that has ended cannot be read", async () => {
    expect(await openDocker(socket).inspect("none")).to.equal(null);
    expect(await containerSources(openDocker(socket), ID).cpu.read()).to.equal(null);
  });

  it("counts as running while the engine does not answer", async () => {
    const record = { root: null, groups: {}, isOurs: false, container: ID };
    const workload = createContainerWorkload(record, join(folder, "none.sock"));
    expect(await workload.isRunning()).to.equal(true);
  });
});
