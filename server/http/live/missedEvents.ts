import type { LiveReads, LiveWindow } from "../../stores/live/liveFeed.ts";
import { type LivePosition, windowText } from "../../stores/live/livePosition.ts";
import { type LiveMessage, messagesOf } from "./liveMessages.ts";
import { type OpenPartyStream, wantsOf } from "./partyStream.ts";

/** Messages of one window, whose ids name it. */
interface Missed {
  readonly window: string;
  readonly messages: readonly LiveMessage[];
}

/**
 * Reads what a stream missed since it was at `from`, up to the moment of `reads`. Returns `null` if
 * that is more than `most` messages. A state is told once, as it is now.
 */
export async function readMissed(
  reads: LiveReads,
  stream: OpenPartyStream,
  { from, most }: { readonly from: LivePosition; readonly most: number },
): Promise<readonly Missed[] | null> {
  const parts: Missed[] = [];
  let left = most;
  for (const window of windowsSince(from, reads.snapshot)) {
    // oxlint-disable-next-line no-await-in-loop -- windows in order
    const messages = await readWindow(reads, stream, window, left);
    const isStarted = window.upTo === from.upTo;
    const missed = isStarted ? messages.filter((message) => isAfter(message, from)) : messages;
    left -= missed.length;
    if (left < 0) return null;
    parts.push({ window: windowText(window.since, window.upTo), messages: missed });
  }
  return withoutEarlierStates(parts);
}

/** The rest of the window in which the stream was, and what came since. */
function windowsSince({ since, upTo, order }: LivePosition, now: string): readonly LiveWindow[] {
  const orderThen = order;
  const windows =
    upTo === null
      ? [{ since, upTo: now, after: -1n, orderThen }]
      : [
          // Also the last order itself, of which some messages may be missing.
          { since, upTo, after: order - 1n, orderThen },
          { since: upTo, upTo: now, after: -1n, orderThen },
        ];
  return windows.filter((window) => window.since !== window.upTo);
}

/** Reads messages of the kinds that the stream wants, and stops once there are more than `most`. */
async function readWindow(
  reads: LiveReads,
  stream: OpenPartyStream,
  window: LiveWindow,
  most: number,
): Promise<readonly LiveMessage[]> {
  const wants = wantsOf([stream]);
  const keys = new Set([stream.key]);
  const found: LiveMessage[] = [];
  let { after } = window;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- pages in order
    const page = await reads.page({ ...window, after }, wants, PAGE_ROWS);
    const messages = messagesOf(page, keys).get(stream.key) ?? [];
    found.push(...messages.filter(({ event }) => stream.kinds.has(event)));
    if (page.end === null || found.length > most + MOST_OF_ONE_ORDER) return found;
    after = page.end;
  }
}

const PAGE_ROWS = 5_000;

/** Messages of the order at which the stream was, which are read again and left out. */
const MOST_OF_ONE_ORDER = 1_000;

function isAfter({ order, rank }: LiveMessage, from: LivePosition): boolean {
  return order > from.order || (order === from.order && rank > from.rank);
}

/** Leaves out a state that a later message replaces. */
function withoutEarlierStates(parts: readonly Missed[]): readonly Missed[] {
  const told = new Set<string>();
  const isNewest = ({ thing }: LiveMessage): boolean => {
    if (thing === null) return true;
    const isFirst = !told.has(thing);
    told.add(thing);
    return isFirst;
  };
  return parts
    .toReversed()
    .map(({ window, messages }) => ({
      window,
      messages: messages.toReversed().filter(isNewest).toReversed(),
    }))
    .toReversed();
}
