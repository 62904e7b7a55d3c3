import { type IncomingMessage, request } from "node:http";

import { z } from "zod";

/** An answer's most bytes: that of a container is about 20 KB. */
const MOST_BYTES = 1_048_576;

const TIMEOUT_MS = 5_000;

const Inspected = z.object({
  Id: z.string(),
  State: z.object({ Running: z.boolean(), Pid: z.int(), StartedAt: z.string() }),
  HostConfig: z.object({ Memory: z.int(), NanoCpus: z.int().default(0) }),
});

const Amount = z.int().min(0).transform(BigInt);

const Stats = z.object({
  cpu_stats: z.object({ cpu_usage: z.object({ total_usage: Amount }) }),
  memory_stats: z.object({ usage: Amount.optional() }),
  networks: z.record(z.string(), z.object({ rx_bytes: Amount, tx_bytes: Amount })).optional(),
});

/** A container as the Docker Engine tells it. */
export interface Container {
  readonly id: string;
  readonly isRunning: boolean;
  /** another one after each start, with counters from 0 */
  readonly startedAt: string;
  /** bytes; `null`: no limit */
  readonly memoryLimit: bigint | null;
}

export interface ContainerStats {
  readonly cpuNs: bigint;
  /** `null` for a container that has ended */
  readonly memoryBytes: bigint | null;
  /** received and sent; `null` for one in the host's network */
  readonly networkBytes: bigint | null;
}

/** The Docker Engine did not do what it was asked. */
export class DockerError extends Error {
  override readonly name = "DockerError";
}

/** The Docker Engine API (v1.41, Docker 20.10 and later) over its Unix socket. */
export function openDocker(socketPath: string) {
  return {
    /** Resolves to `null` if there is no such container. */
    async inspect(container: string): Promise<Container | null> {
      const { status, text } = await send(socketPath, "GET", `${pathOf(container)}/json`);
      if (status === 404) return null;
      const { Id: id, State, HostConfig } = Inspected.parse(parsed(status, text));
      return {
        id,
        isRunning: State.Running,
        startedAt: State.StartedAt,
        memoryLimit: HostConfig.Memory === 0 ? null : BigInt(HostConfig.Memory),
      };
    },

    /** What it uses now. `one-shot` does not wait for a second reading. */
    async stats(container: string): Promise<ContainerStats> {
      const path = `${pathOf(container)}/stats?stream=false&one-shot=true`;
      const { status, text } = await send(socketPath, "GET", path);
      const { cpu_stats, memory_stats, networks } = Stats.parse(parsed(status, text));
      return {
        cpuNs: cpu_stats.cpu_usage.total_usage,
        memoryBytes: memory_stats.usage ?? null,
        networkBytes:
          networks === undefined
            ? null
            : Object.values(networks).reduce(
                (sum, some) => sum + some.rx_bytes + some.tx_bytes,
                0n,
              ),
      };
    },

    /** Sends a signal to its first process. Does nothing if it does not run. */
    async kill(container: string, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
      const path = `${pathOf(container)}/kill?signal=${signal}`;
      const { status, text } = await send(socketPath, "POST", path);
      // 409: it is not running; 404: it was removed.
      if (status !== 204 && status !== 409 && status !== 404) parsed(status, text);
    },
  };
}

export type Docker = ReturnType<typeof openDocker>;

function pathOf(container: string): string {
  return `/v1.41/containers/${encodeURIComponent(container)}`;
}

function parsed(status: number, text: string): unknown {
  if (status >= 400) throw new DockerError(`Docker answered ${status}: ${text.slice(0, 200)}`);
  return JSON.parse(text);
}

async function send(
  socketPath: string,
  method: string,
  path: string,
): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = request({ socketPath, method, path, timeout: TIMEOUT_MS, agent: false });
  sent.once("response", resolve).once("error", reject);
  sent.once("timeout", () => sent.destroy(new DockerError("Docker does not answer")));
  sent.end();
  const response = await promise;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new DockerError("Docker's answer is too long");
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") };
}
