import { join } from "node:path";

import type { Clock } from "../clock.ts";
import { NS_PER_SECOND } from "../clock.ts";
import { type Journal, openJournal } from "../journal/journal.ts";
import { type Lease, createLease } from "../lease/lease.ts";
import type { Ledger, Opened } from "../lease/ledger.ts";
import type { Line } from "../lease/line.ts";
import { type Meters, lineOf } from "../lease/linesOf.ts";
import { createReportingLedger } from "../lease/reportingLedger.ts";
import type { Timing } from "../lease/timing.ts";
import { type Source, allocated } from "../sources/source.ts";
import { type Pod, type PodUsage, podsOf, usageOf } from "./kubelet.ts";

/** The answers of one node's kubelet, as it gives them. */
export interface Kubelet {
  /** `GET /pods` */
  pods(): Promise<unknown>;
  /** `GET /stats/summary` */
  summary(): Promise<unknown>;
}

export interface CollectorDeps {
  readonly kubelet: Kubelet;
  readonly ledger: Pick<Ledger, "report">;
  /** whose events they are */
  readonly provider: string;
  /** one folder for each pod's journal */
  readonly folder: string;
  /** `requests`: what is set aside for a pod. `usage`: what it uses. */
  readonly charges: "requests" | "usage";
  readonly meters: Meters;
  readonly timing: Timing;
  readonly now: Clock;
  readonly time: () => Date;
  readonly say: (line: string) => void;
}

/** Charges the pods of one node as CloudEvents. */
export interface Collector {
  /** Reads the kubelet once, and reports what each pod used since the last time. */
  collect(): Promise<void>;
  close(): Promise<void>;
}

interface Followed {
  readonly journal: Journal;
  readonly lease: Lease;
}

const NONE = () => Promise.resolve({});

/** Without a hold, nothing bounds what may be charged: more than any node does in a century. */
const NO_BOUND = 10n ** 24n;

/** Pods of one node that are followed: above the kubelet's own bound of 110 by default. */
const MOST_PODS = 1_000;

export function createCollector(deps: CollectorDeps): Collector {
  const followed = new Map<string, Followed>();
  let usage: ReadonlyMap<string, PodUsage> = new Map();

  async function follow(pod: Pod): Promise<Followed> {
    const known = followed.get(pod.uid);
    if (known !== undefined) return known;
    if (followed.size >= MOST_PODS) throw new Error(`this node has more than ${MOST_PODS} pods`);
    const parties: Opened = { provider: deps.provider, spender: pod.spender };
    const journal = await openJournal(join(deps.folder, pod.uid));
    const lines = journal.state?.lines ?? linesOf(pod, deps);
    const one = { journal, lease: leaseOf(pod, { lines, parties, journal }) };
    if (journal.state === null) {
      await journal.append({ is: "lease", lease: pod.uid, lines: [...lines] });
      await one.lease.open();
    }
    await journal.append({ is: "taken" });
    followed.set(pod.uid, one);
    deps.say(`follows ${pod.name}`);
    return one;
  }

  function leaseOf(
    pod: Pod,
    { lines, parties, journal }: { lines: readonly Line[]; parties: Opened; journal: Journal },
  ): Lease {
    const { timing, now, time, say } = deps;
    const ledger = createReportingLedger(deps.ledger, { parties, lines });
    const sources = sourcesOf(pod, deps.charges, () => usage.get(pod.uid) ?? null);
    return createLease({ journal, ledger, sources, timing, evidence: NONE, now, time, say });
  }

  return {
    async collect() {
      const [pods, summary] = await Promise.all([deps.kubelet.pods(), deps.kubelet.summary()]);
      usage = usageOf(summary);
      const running = podsOf(pods);
      for (const pod of running) {
        // oxlint-disable-next-line no-await-in-loop -- each has a journal to flush
        const { lease } = await follow(pod);
        // oxlint-disable-next-line no-await-in-loop
        await lease.measure();
        // oxlint-disable-next-line no-await-in-loop
        await lease.settle();
      }
      const there = new Set(running.map(({ uid }) => uid));
      for (const [uid, { journal, lease }] of followed) {
        if (there.has(uid)) continue;
        // A pod that is gone used nothing since it was last seen that the kubelet could still tell.
        // oxlint-disable-next-line no-await-in-loop
        if (!(await lease.settle())) continue;
        // oxlint-disable-next-line no-await-in-loop
        await journal.append({ is: "settled" });
        // oxlint-disable-next-line no-await-in-loop
        await journal.close();
        followed.delete(uid);
      }
    },
    async close() {
      await Promise.all([...followed.values()].map(({ journal }) => journal.close()));
    },
  };
}

function linesOf(pod: Pod, { charges, meters }: Pick<CollectorDeps, "charges" | "meters">): Line[] {
  const dimensions = {};
  const most = { mostPerSecond: NO_BOUND, dimensions };
  const [cpu, memory] = [
    lineOf(meters, "cpu", { id: "cpu", ...most }),
    lineOf(meters, "memory", { id: "memory", ...most }),
  ];
  const gpus = [...pod.gpus.keys()].map((name) =>
    lineOf(meters, "gpu", {
      id: `gpu/${name}`,
      mostPerSecond: NO_BOUND,
      dimensions: { gpu: name },
    }),
  );
  if (charges === "usage") {
    return [cpu, memory, lineOf(meters, "network", { id: "network", ...most }), ...gpus];
  }
  // Requests are levels: a CPU is a thousand-million nanoseconds in each second.
  return [{ ...cpu, kind: "level", unit: cpu.unit * NS_PER_SECOND }, memory, ...gpus];
}

function sourcesOf(
  pod: Pod,
  charges: CollectorDeps["charges"],
  read: () => PodUsage | null,
): Map<string, Source> {
  const of = (pick: (usage: PodUsage) => bigint | null): Source => ({
    read: () => {
      const usage = read();
      const value = usage === null ? null : pick(usage);
      const reading = usage === null || value === null ? null : { value, epoch: usage.epoch };
      return Promise.resolve(reading);
    },
  });
  const gpus = [...pod.gpus].map(([name, count]) => [`gpu/${name}`, allocated(count)] as const);
  if (charges === "requests") {
    return new Map([
      ["cpu", allocated(pod.cpuNanos)],
      ["memory", allocated(pod.memoryBytes)],
      ...gpus,
    ]);
  }
  return new Map([
    ["cpu", of(({ cpuNs }) => cpuNs)],
    ["memory", of(({ memoryBytes }) => memoryBytes)],
    ["network", of(({ networkBytes }) => networkBytes)],
    ...gpus,
  ]);
}
