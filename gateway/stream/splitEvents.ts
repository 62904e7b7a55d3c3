/** One event of a stream, with its bytes as they came. */
export interface StreamEvent {
  readonly bytes: Buffer;
  /** its `data` lines, joined; empty for a comment */
  readonly data: string;
}

/** An upstream's event may be no longer: nothing else bounds what is kept until its end. */
const MOST_EVENT_BYTES = 4 * 1_024 * 1_024;

/** The upstream's stream breaks the format. */
export class StreamError extends Error {
  override readonly name = "StreamError";
}

/**
 * Splits server-sent events (WHATWG) out of the parts in which they come. Lines end with LF or CRLF,
 * which is what servers write; a lone CR is not taken for an end.
 */
export function createEventSplitter() {
  let rest: Buffer = Buffer.alloc(0);

  return {
    /** The events that are complete now. Throws a `StreamError` if one is too long. */
    push(part: Buffer): StreamEvent[] {
      const all = rest.length === 0 ? part : Buffer.concat([rest, part]);
      const events: StreamEvent[] = [];
      let from = 0;
      for (let end = endOfEvent(all, from); end !== -1; end = endOfEvent(all, from)) {
        events.push(eventOf(all.subarray(from, end)));
        from = end;
      }
      rest = from === all.length ? Buffer.alloc(0) : all.subarray(from);
      if (rest.length > MOST_EVENT_BYTES) throw new StreamError("an event is longer than 4 MiB");
      return events;
    },

    /** What came after the last event: an upstream may end without the last empty line. */
    end(): StreamEvent[] {
      return rest.length === 0 ? [] : [eventOf(rest)];
    },
  };
}

const LF = 0x0a;
const CR = 0x0d;

/** The place after the empty line that ends an event, or -1. */
function endOfEvent(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(LF, from); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    const next = bytes[at + 1];
    if (next === LF) return at + 2;
    if (next === CR && bytes[at + 2] === LF) return at + 3;
  }
  return -1;
}

function eventOf(bytes: Buffer): StreamEvent {
  const text = bytes.toString("utf8");
  // Almost every event is one line.
  if (text.startsWith("data: ") && text.indexOf("\n") >= text.length - 2) {
    return { bytes, data: text.slice(6).trimEnd() };
  }
  const lines = text.split(/\r?\n/).filter((line) => line.startsWith("data:"));
  return { bytes, data: lines.map((line) => line.slice(5).replace(/^ /, "")).join("\n") };
}
