import { z } from "zod";

import { nanosOf, wholeOf } from "./quantity.ts";

const Requests = z.record(z.string(), z.string()).default({});

const ContainerSpec = z.object({
  resources: z.object({ requests: Requests }).default({ requests: {} }),
  restartPolicy: z.string().optional(),
});

const PodList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({
        name: z.string(),
        namespace: z.string(),
        uid: z.string(),
        annotations: z.record(z.string(), z.string()).default({}),
      }),
      spec: z.object({
        containers: z.array(ContainerSpec),
        initContainers: z.array(ContainerSpec).default([]),
        overhead: Requests,
      }),
      status: z.object({ phase: z.string() }),
    }),
  ),
});

const Counted = z.int().min(0).transform(BigInt);

const Summary = z.object({
  pods: z.array(
    z.object({
      podRef: z.object({ uid: z.string() }),
      startTime: z.string(),
      containers: z
        .array(
          z.object({
            name: z.string(),
            startTime: z.string(),
            cpu: z.object({ usageCoreNanoSeconds: Counted.optional() }).optional(),
            memory: z.object({ workingSetBytes: Counted.optional() }).optional(),
          }),
        )
        .default([]),
      network: z.object({ rxBytes: Counted.optional(), txBytes: Counted.optional() }).optional(),
    }),
  ),
});

/** Who pays for a pod: an annotation with a spender that gave the provider access. */
export const SPENDER_ANNOTATION = "compute-credits.dev/spender";

/** A pod that runs, and what the scheduler has set aside for it. */
export interface Pod {
  readonly uid: string;
  /** `namespace/name` */
  readonly name: string;
  readonly spender: string;
  /** nanoseconds of CPUs in a second */
  readonly cpuNanos: bigint;
  readonly memoryBytes: bigint;
  /** by the resource's name without `nvidia.com/`: `gpu`, or `mig-1g.5gb` */
  readonly gpus: ReadonlyMap<string, bigint>;
}

/** What a pod has used, by the kubelet. */
export interface PodUsage {
  /** changes whenever one of its containers starts */
  readonly epoch: string;
  readonly cpuNs: bigint | null;
  readonly memoryBytes: bigint | null;
  readonly networkBytes: bigint | null;
}

/** The running pods of the kubelet's `/pods` that say who pays. Throws a `ZodError` for other JSON. */
export function podsOf(answer: unknown): readonly Pod[] {
  return PodList.parse(answer).items.flatMap(({ metadata, spec, status }) => {
    const spender = metadata.annotations[SPENDER_ANNOTATION];
    if (spender === undefined || status.phase !== "Running") return [];
    // Init containers have ended by then, but for sidecars, which restart for ever.
    const sidecars = spec.initContainers.filter(({ restartPolicy }) => restartPolicy === "Always");
    const requests = [...spec.containers, ...sidecars].map(({ resources }) => resources.requests);
    const sum = (name: string, read: (text: string) => bigint | null) =>
      [...requests, spec.overhead].reduce((all, some) => all + (read(some[name] ?? "0") ?? 0n), 0n);
    const names = new Set(requests.flatMap((some) => Object.keys(some)));
    const gpus = [...names]
      .filter((name) => name.startsWith("nvidia.com/"))
      .map((name) => [name.slice("nvidia.com/".length), sum(name, wholeOf)] as const);
    return {
      uid: metadata.uid,
      name: `${metadata.namespace}/${metadata.name}`,
      spender,
      cpuNanos: sum("cpu", nanosOf),
      memoryBytes: sum("memory", wholeOf),
      gpus: new Map(gpus),
    };
  });
}

/** Usage by pod, from the kubelet's `/stats/summary`. Throws a `ZodError` for other JSON. */
export function usageOf(answer: unknown): ReadonlyMap<string, PodUsage> {
  return new Map(
    Summary.parse(answer).pods.map(({ podRef, startTime, containers, network }) => {
      const starts = containers.map((one) => `${one.name} ${one.startTime}`);
      const usage = {
        epoch: [startTime, ...starts.toSorted()].join(", "),
        cpuNs: sumOf(containers.map(({ cpu }) => cpu?.usageCoreNanoSeconds)),
        memoryBytes: sumOf(containers.map(({ memory }) => memory?.workingSetBytes)),
        networkBytes: sumOf([network?.rxBytes, network?.txBytes]),
      };
      return [podRef.uid, usage];
    }),
  );
}

/** `null` if one is missing: a sum without it would be another counter. */
function sumOf(amounts: readonly (bigint | undefined)[]): bigint | null {
  return amounts.reduce<bigint | null>(
    (sum, amount) => (sum === null || amount === undefined ? null : sum + amount),
    amounts.length === 0 ? null : 0n,
  );
}
