import { createHash } from "node:crypto";
import { brotliCompressSync } from "node:zlib";

/** A real computation, and what it really took. */
export interface Work {
  readonly compressed: Buffer;
  readonly sha256: string;
  /** of this thread, as the operating system counts it */
  readonly cpuMilliseconds: number;
  /** read and written */
  readonly bytes: number;
}

/** Compresses `input` and hashes the result: what a storage or an archiving service does all day. */
export function compress(input: Buffer): Work {
  const before = process.threadCpuUsage();
  const compressed = brotliCompressSync(input);
  const sha256 = createHash("sha256").update(compressed).digest("hex");
  const { user, system } = process.threadCpuUsage(before);
  return {
    compressed,
    sha256,
    // Rounded up: a meter counts begun units, as clouds do.
    cpuMilliseconds: Math.ceil((user + system) / 1000),
    bytes: input.length + compressed.length,
  };
}
