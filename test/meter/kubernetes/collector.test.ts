import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import type { Moment } from "../../../meter/clock.ts";
import { type CollectorDeps, createCollector } from "../../../meter/kubernetes/collector.ts";
import { openKubelet } from "../../../meter/kubernetes/kubeletClient.ts";
import { SPENDER_ANNOTATION } from "../../../meter/kubernetes/kubelet.ts";
import { nanosOf, wholeOf } from "../../../meter/kubernetes/quantity.ts";
import { DEFAULT_METERS } from "../../../meter/measures.ts";
import { createMemoryLedger } from "../../fixtures/memoryLedger.ts";

const SECOND = 1_000_000_000n;

const UID = "beabc196-2456-11e7-a3ad-42010a840235";

/**
 * A kubelet's answer on GKE, as Elastic recorded it for Metricbeat (elastic/beats,
 * metricbeat/module/kubernetes/_meta/test/stats_summary.json), shortened to what the agent reads.
 */
const summary = (cpuNs: number, startTime = "2017-04-18T16:47:44Z") => ({
  node: { nodeName: "gke-beats-default-pool-a5b33e2e-hdww" },
  pods: [
    {
      podRef: { name: "nginx-deployment-2303442956-pcqfc", namespace: "default", uid: UID },
      startTime: "2017-04-18T16:47:44Z",
      containers: [
        {
          name: "nginx",
          startTime,
          cpu: { time: "2017-04-20T08:06:34Z", usageNanoCores: 0, usageCoreNanoSeconds: cpuNs },
          memory: { usageBytes: 1462272, workingSetBytes: 1454080, rssBytes: 1409024 },
        },
      ],
      network: { rxBytes: 107056, rxErrors: 0, txBytes: 72447, txErrors: 0 },
    },
  ],
});

/** The same pod in the form of the Kubernetes API (v1.PodList), with requests and a payer. */
const pods = (phase = "Running", annotations: object = { [SPENDER_ANNOTATION]: "0xspender" }) => ({
  kind: "PodList",
  apiVersion: "v1",
  items: [
    {
      metadata: {
        name: "nginx-deployment-2303442956-pcqfc",
        namespace: "default",
        uid: UID,
        annotations,
      },
      spec: {
        initContainers: [
          { name: "once", resources: { requests: { cpu: "8" } } },
          { name: "proxy", restartPolicy: "Always", resources: { requests: { cpu: "100m" } } },
        ],
        containers: [
          {
            name: "nginx",
            resources: { requests: { cpu: "1400m", memory: "2Gi", "nvidia.com/gpu": "2" } },
          },
          { name: "logs", resources: {} },
        ],
      },
      status: { phase, startTime: "2017-04-18T16:47:44Z" },
    },
  ],
});

describe("a quantity of Kubernetes", () => {
  it("is read exactly, in all of its forms", () => {
    const cases = { "500m": "0.5", "1": "1", "0.1": "0.1", "2e3": "2000", "100n": "0.0000001" };
    for (const [text, value] of Object.entries(cases)) {
      expect(Number(nanosOf(text)) / 1e9, text).to.equal(Number(value));
    }
    expect(["1Gi", "1.5Gi", "128974848", "129M", "123Mi"].map(wholeOf)).to.deep.equal([
      1_073_741_824n,
      1_610_612_736n,
      128_974_848n,
      129_000_000n,
      128_974_848n,
    ]);
    expect(["", "1 Gi", "-1", "1GB", "x"].map(wholeOf)).to.deep.equal([
      null,
      null,
      null,
      null,
      null,
    ]);
  });
});

describe("the collector of a Kubernetes node", () => {
  const folders: string[] = [];
  after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

  async function open(charges: CollectorDeps["charges"]) {
    const folder = await mkdtemp(join(tmpdir(), "compute-credits-pods-"));
    folders.push(folder);
    const books = createMemoryLedger();
    const node = { pods: pods(), summary: summary(43_959_424), seconds: 0n };
    const now = (): Moment => ({ clock: "boot", ns: node.seconds * SECOND });
    const start = () =>
      createCollector({
        kubelet: {
          pods: () => Promise.resolve(node.pods),
          summary: () => Promise.resolve(node.summary),
        },
        ledger: books.ledger,
        provider: "0xprovider",
        folder,
        charges,
        meters: DEFAULT_METERS,
        timing: { intervalSeconds: 10, graceSeconds: 0, marginSeconds: 1, reachSeconds: 60 },
        now,
        time: () => new Date(0),
        say: () => undefined,
      });
    return { books, node, start };
  }

  it("charges what the scheduler set aside, for as long as the pod runs", async () => {
    const { books, node, start } = await open("requests");
    const collector = start();
    await collector.collect();
    node.seconds = 10n;
    await collector.collect();
    // 1.5 CPUs with the sidecar, 2 GiB and 2 GPUs for ten seconds.
    expect(books.charged("cpu.milliseconds")).to.equal(15_000n);
    expect(books.charged("memory.gib_seconds")).to.equal(20n);
    expect(books.charged("gpu.seconds")).to.equal(20n);
    node.pods = pods("Succeeded");
    node.seconds = 20n;
    await collector.collect();
    expect(books.charged("gpu.seconds")).to.equal(20n);
    await collector.close();
  });

  it("charges what the kubelet counted, once, also after a restart and a lost answer", async () => {
    const { books, node, start } = await open("usage");
    const first = start();
    await first.collect();
    node.summary = summary(1_043_959_424);
    node.seconds = 10n;
    books.faults.isAnswerLost = true;
    await first.collect();
    books.faults.isAnswerLost = false;
    await first.close();
    const second = start();
    node.summary = summary(1_543_959_424);
    node.seconds = 20n;
    await second.collect();
    await second.collect();
    expect(books.charged("cpu.milliseconds")).to.equal(1_500n);
    // Its container starts again, and counts from 0.
    node.summary = summary(800_000_000, "2017-04-20T09:00:00Z");
    node.seconds = 30n;
    await second.collect();
    expect(books.charged("cpu.milliseconds")).to.equal(1_500n);
    await second.close();
  });

  it("asks a kubelet with the token of its file, and says so if that is refused", async () => {
    const folder = await mkdtemp(join(tmpdir(), "compute-credits-kubelet-"));
    folders.push(folder);
    const tokenFile = join(folder, "token");
    const answers: Record<string, unknown> = { "/pods": pods(), "/stats/summary": summary(1) };
    const server = createServer((req, res) => {
      const isKnown = req.headers.authorization === "Bearer renewed";
      res.statusCode = isKnown ? 200 : 401;
      res.end(JSON.stringify(isKnown ? answers[req.url ?? ""] : "Unauthorized"));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = address === null || typeof address === "string" ? 0 : address.port;
    const kubelet = openKubelet({ url: `http://127.0.0.1:${port}`, tokenFile, caFile: "" });
    await writeFile(tokenFile, "old");
    const refused = await kubelet.pods().catch(String);
    expect(refused).to.include("the kubelet answered 401 to /pods");
    await writeFile(tokenFile, "renewed\n");
    expect(await kubelet.pods()).to.deep.equal(pods());
    expect(await kubelet.summary()).to.deep.equal(summary(1));
    server.close();
    server.closeAllConnections();
  });

  it("leaves pods alone that say no payer", async () => {
    const { books, node, start } = await open("requests");
    node.pods = pods("Running", {});
    const collector = start();
    await collector.collect();
    node.seconds = 10n;
    await collector.collect();
    expect(books.eventIds()).to.deep.equal([]);
    await collector.close();
  });
});
