import { createHash } from "node:crypto";
import { brotliCompressSync } from "node:zlib";

/** The result of a computation, and what it took. */
export interface Work {
  readonly compressed: Buffer;
  readonly sha256: string;
  /** CPU time of this thread, as the operating system counts it */
  readonly cpuMilliseconds: number;
  /** input and output together */
  readonly bytes: number;
}

/** Compresses `input` and hashes the result, as a storage service does. */
export function compress(input: Buffer): Work {
  const before = process.threadCpuUsage();
  const compressed = brotliCompressSync(input);
  const sha256 = createHash("sha256").update(compressed).digest("hex");
  const { user, system } = process.threadCpuUsage(before);
  return {
    compressed,
    sha256,
    // Rounds up: the provider is paid for the millisecond that it began.
    cpuMilliseconds: Math.ceil((user + system) / 1000),
    bytes: input.length + compressed.length,
  };
}
