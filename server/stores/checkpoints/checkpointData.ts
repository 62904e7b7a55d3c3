import type { StoredCheckpoint } from "./checkpointStore.ts";

/** A published file: its length and a stream of its bytes. */
export interface DataFile {
  readonly byteLength: number;
  bytes(): AsyncIterable<Uint8Array>;
}

/** The public files with the rows of checkpoints. Formats: docs/checkpoint-data.md. */
export interface CheckpointData {
  /** The file of all rows. `null` for a checkpoint older than this file format. */
  table(checkpoint: StoredCheckpoint): Promise<DataFile | null>;
  /** The file of the rows that differ between `base` and `checkpoint`. */
  difference(base: StoredCheckpoint, checkpoint: StoredCheckpoint): Promise<DataFile>;
}
