import type { StoredCheckpoint } from "../../stores/checkpoints/checkpointStore.ts";

type Status = StoredCheckpoint["status"];

/** The last state that a stream of checkpoints was told. */
export interface CheckpointPlace {
  /** ascending in the order of the cuts */
  readonly id: bigint;
  readonly status: Status;
}

/** A checkpoint's state only moves on in this list: co-signers may submit an abandoned one. */
const STATUSES: readonly Status[] = ["prepared", "abandoned", "pending", "final", "dropped"];

/** The id of an event: `c~<id>~<status>`. */
export function checkpointPlaceText({ id, status }: CheckpointPlace): string {
  return `c~${id}~${status}`;
}

/** Parses what `checkpointPlaceText` wrote. `null` for anything else. */
export function parseCheckpointPlace(text: string): CheckpointPlace | null {
  const [, id, name] = /^c~([1-9]\d{0,17})~([a-z]{4,9})$/.exec(text) ?? [];
  const status = STATUSES.find((one) => one === name);
  return id === undefined || status === undefined ? null : { id: BigInt(id), status };
}

/** The states that came after a place: of its checkpoint, and of all later ones. Oldest first. */
export function newerCheckpoints(
  found: readonly StoredCheckpoint[],
  { id, status }: CheckpointPlace,
): readonly StoredCheckpoint[] {
  return found.filter(
    (one) =>
      one.id > id || (one.id === id && STATUSES.indexOf(one.status) > STATUSES.indexOf(status)),
  );
}
