/**
 * A batch job: compresses and hashes parts, one after the other, and says how far it is. It knows
 * nothing of credits. Takes the number of parts.
 */
import { createHash, randomBytes } from "node:crypto";
import { brotliCompressSync } from "node:zlib";

/** A tenth of a second of CPU, or more. */
const PART_BYTES = 128 * 1_024;

/** What it keeps in memory all the time: a quarter of a GiB. */
const INPUT_BYTES = 256 * 1_024 * 1_024;

const parts = Number(process.argv[2] ?? 20);
const input = Buffer.alloc(INPUT_BYTES, randomBytes(PART_BYTES / 2).toString("hex"));
for (let done = 1; done <= parts; done++) {
  const from = (done * PART_BYTES) % (INPUT_BYTES - PART_BYTES);
  const part = Buffer.concat([randomBytes(16), input.subarray(from, from + PART_BYTES)]);
  const sha256 = createHash("sha256").update(brotliCompressSync(part)).digest("hex");
  console.log(JSON.stringify({ done, of: parts, sha256 }));
}
