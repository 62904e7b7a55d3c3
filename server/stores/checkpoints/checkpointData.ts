import type { StoredCheckpoint } from "./checkpointStore.ts";

/** A file as it is published: how long it is, and its bytes as they are read. */
export interface DataFile {
  readonly byteLength: number;
  bytes(): AsyncIterable<Uint8Array>;
}

/** The rows of checkpoints as everybody may have them: docs/checkpoint-data.md. */
export interface CheckpointData {
  /** All rows; `null` for a checkpoint that was cut before there were such files. */
  table(checkpoint: StoredCheckpoint): Promise<DataFile | null>;
  /** The rows of the second checkpoint that the first one has not. */
  difference(base: StoredCheckpoint, checkpoint: StoredCheckpoint): Promise<DataFile>;
}
