import { type EventBuffer, createEventBuffer, createSession } from "better-sse";
import type { Request, Response } from "express";

/** Events on their way to one reader. What it does not take is bounded, and then it is dropped. */
export interface EventStream {
  /** whether the reader is still there */
  readonly isOpen: boolean;
  /** Sends frames. Returns false if the reader has left more unread than it may: drop it. */
  send(frames: EventBuffer): boolean;
  /**
   * Sends last frames and ends the answer. Cuts the connection of a reader that has not taken them
   * after `LAST_WORDS_MS`.
   */
  end(frames: EventBuffer): void;
}

export interface EventStreamOptions {
  /** before a client connects again by itself */
  readonly retryMs: number;
  /** bytes that wait for the reader before it counts as too slow */
  readonly pendingBytes: number;
  readonly onClose: () => void;
}

const LAST_WORDS_MS = 5_000;

/** Frames are written as text, which is JSON already. */
export function newFrames(): EventBuffer {
  return createEventBuffer({ serializer: String });
}

/**
 * Answers a request with a stream of events. The headers keep proxies from storing, changing or
 * holding it back. Resolves once they are sent.
 */
export async function openEventStream(
  req: Request,
  res: Response,
  { retryMs, pendingBytes, onClose }: EventStreamOptions,
): Promise<EventStream> {
  let isOpen = true;
  res.once("close", () => {
    isOpen = false;
    onClose();
  });
  // A broken connection is an error event here, and a close event right after it.
  res.on("error", () => undefined);
  // The session's own header, which one that is set already would win over.
  res.removeHeader("Cache-Control");
  const session = await createSession(req, res, { retry: retryMs, keepAlive: null });
  isOpen &&= session.isConnected;

  /** Without a promise to wait for: the text is handed over at once. */
  function write(frames: EventBuffer): void {
    void session.batch(frames);
  }

  return {
    get isOpen() {
      return isOpen;
    },
    send(frames) {
      if (!isOpen) return true;
      if (res.writableLength > pendingBytes) return false;
      write(frames);
      return true;
    },
    end(frames) {
      if (!isOpen) return;
      isOpen = false;
      write(frames);
      res.end();
      const cut = setTimeout(() => res.destroy(), LAST_WORDS_MS);
      cut.unref();
      res.once("close", () => clearTimeout(cut));
    },
  };
}
