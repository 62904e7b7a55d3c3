import { STREAMS } from "@compute-credits/api/bounds";
import type { LiveReads } from "../../stores/live/liveFeed.ts";
import { type CheckpointPlace, checkpointPlaceText, newerCheckpoints } from "./checkpointPlace.ts";
import { type EventStream, newFrames } from "./eventStream.ts";
import { checkpointData } from "./liveMessages.ts";

/** A stream of checkpoints while its reader is there. */
export interface OpenCheckpointStream {
  readonly out: EventStream;
  /** `null` before the first checkpoint */
  place: CheckpointPlace | null;
  /** milliseconds since 1970 */
  toldAt: number;
}

/**
 * Reads the states that streams were not told yet, and returns each stream's frames. A stream
 * without a place begins with the newest checkpoint.
 */
export async function checkpointFrames(
  reads: Pick<LiveReads, "checkpoints">,
  streams: ReadonlySet<OpenCheckpointStream>,
) {
  const places = [...streams].map(({ place }) => place);
  const ids = places.flatMap((place) => (place === null ? [] : [place.id]));
  const from = ids.length === 0 ? null : ids.reduce((least, id) => (id < least ? id : least));
  const newest = places.includes(null) ? await reads.checkpoints(null, 1) : [];
  const since = from === null ? [] : await reads.checkpoints(from, STREAMS.checkpointsPerRead.most);
  return [...streams].flatMap((stream) => {
    const { place } = stream;
    const found = place === null ? newest : newerCheckpoints(since, place);
    if (found.length === 0) return [];
    const frames = newFrames();
    for (const checkpoint of found) {
      stream.place = { id: checkpoint.id, status: checkpoint.status };
      const id = checkpointPlaceText(stream.place);
      frames.event("checkpoint").id(id).data(checkpointData(checkpoint)).dispatch();
    }
    return [{ stream, frames }];
  });
}
