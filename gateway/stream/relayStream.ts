import type { IncomingMessage, ServerResponse } from "node:http";

import type { EventReader, ReadEvent } from "../apis/api.ts";
import type { TokenUsage } from "../usage/tokenUsage.ts";
import { createEventSplitter } from "./splitEvents.ts";

/** What became of a stream. */
export interface Relayed {
  /** whether the upstream came to its end, and all of it reached the caller's connection */
  readonly isWhole: boolean;
  /** why the upstream broke off; `null` if it did not */
  readonly failure: unknown;
  /** Reads what the model wrote, as far as it reached the caller's connection. */
  readonly text: () => string;
  /** tokens so far by the last event that reached the caller and told them */
  readonly reached: TokenUsage | null;
  /** tokens of the whole answer, as the upstream counts them */
  readonly total: TokenUsage | null;
  readonly prompt: ReadEvent["prompt"];
  /** the events that end the stream, which were kept back */
  readonly last: Buffer;
}

export interface RelayDeps {
  readonly read: EventReader;
  /** whether these tokens are more than what is held: the upstream then ignores its bound */
  readonly isTooMuch: (usage: TokenUsage) => boolean;
}

/** The upstream wrote more than the bound that it was given. */
export class TooMuchError extends Error {
  override readonly name = "TooMuchError";
}

/**
 * Sends a stream of events on as it comes, and counts what reached the caller: an event counts once
 * the system has taken its bytes for the caller's connection. A caller that reads slowly makes the
 * upstream wait. Keeps the events back that end the stream, so that the charge can come before them.
 */
export async function relayStream(
  from: IncomingMessage,
  res: ServerResponse,
  { read, isTooMuch }: RelayDeps,
): Promise<Relayed> {
  const splitter = createEventSplitter();
  const texts: ReadEvent["text"][] = [];
  const last: Buffer[] = [];
  let reached: TokenUsage | null = null;
  let total: TokenUsage | null = null;
  let prompt: ReadEvent["prompt"] = null;
  let failure: unknown = null;
  let unsent = 0;
  let hasEnded = false;
  const { promise: over, resolve } = Promise.withResolvers<void>();

  function forward(events: ReturnType<typeof splitter.push>): void {
    const parts: Buffer[] = [];
    const counted: ReadEvent[] = [];
    for (const event of events) {
      const meaning = read(event.data);
      const { usage, isFinal } = meaning;
      if (isFinal && usage !== null) total = usage;
      if (meaning.prompt !== null) ({ prompt } = meaning);
      if (usage !== null && isTooMuch(usage)) throw new TooMuchError("more tokens than asked for");
      const bytes = bytesOf(meaning, event.bytes);
      if (meaning.isEnd || last.length > 0) last.push(bytes);
      else if (bytes.length > 0) {
        parts.push(bytes);
        counted.push(meaning);
      }
    }
    const [first] = parts;
    if (first === undefined) return;
    unsent++;
    const isRoomLeft = res.write(parts.length === 1 ? first : Buffer.concat(parts), (error) => {
      unsent--;
      if (error === null || error === undefined) count(counted);
      endIfDone();
    });
    if (!isRoomLeft) from.pause();
  }

  function count(events: readonly ReadEvent[]): void {
    for (const { text, usage } of events) {
      texts.push(text);
      if (usage !== null) reached = usage;
    }
  }

  function guarded(events: () => ReturnType<typeof splitter.push>): void {
    try {
      forward(events());
    } catch (error) {
      stop(error);
    }
  }

  function stop(reason: unknown): void {
    failure ??= reason;
    hasEnded = true;
    from.destroy();
    endIfDone();
  }

  function endIfDone(): void {
    if (res.destroyed || (hasEnded && unsent === 0)) resolve();
  }

  const resume = () => void from.resume();
  const leave = () => {
    from.destroy();
    resolve();
  };
  res.on("drain", resume);
  res.once("close", leave);
  from.on("data", (part: Buffer) => {
    if (failure === null && !res.destroyed) guarded(() => splitter.push(part));
  });
  from.once("end", () => {
    guarded(() => splitter.end());
    hasEnded = true;
    endIfDone();
  });
  from.once("error", stop);
  from.once("close", () => {
    if (!hasEnded) stop(new Error("the connection closed before the end"));
  });
  // It may have closed before anyone listened.
  if (res.destroyed) leave();
  await over;
  res.off("drain", resume);
  res.off("close", leave);
  return {
    isWhole: failure === null && !res.destroyed,
    failure: res.destroyed ? null : failure,
    text: () => texts.map((one) => one()).join(""),
    reached,
    total,
    prompt,
    last: Buffer.concat(last),
  };
}

const NOTHING = Buffer.alloc(0);

function bytesOf({ forward }: ReadEvent, bytes: Buffer): Buffer {
  if (forward === "same") return bytes;
  return forward === "nothing" ? NOTHING : Buffer.from(`data: ${forward.data}\n\n`);
}
