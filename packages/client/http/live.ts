import type { z } from "zod";

import {
  LIVE_EVENTS,
  type LiveEventName,
  type LiveEventOf,
  type LiveKind,
} from "@compute-credits/api/live/liveEvents";
import {
  watchAccount,
  watchCheckpoints,
  watchProvider,
  watchSpender,
} from "@compute-credits/api/live/liveStreams";
import type { Route } from "@compute-credits/api/route";
import { ApiProblem } from "../errors/apiProblem.ts";
import { CLIENT_REASONS } from "../errors/clientReasons.ts";
import { CreditsError } from "../errors/creditsError.ts";
import { type Credentials, authorizationFor } from "./credentials.ts";
import { DEFAULT_RETRIES, type RetryPolicy, retryAfterMsOf } from "./retries.ts";

/** Whose events to watch. `checkpoints` needs no credentials. */
export type Watched =
  | { readonly account: string }
  | { readonly provider: string }
  | { readonly spender: string }
  | { readonly checkpoints: true };

export interface WatchOptions<Kind extends LiveKind = LiveKind> extends Credentials {
  /** names of events; all that the stream has if absent */
  readonly kinds?: readonly Kind[];
  /** goes on after this event, also if another program or server gave it */
  readonly lastEventId?: string;
  /** ends the watch: the iterator then rejects with the signal's reason */
  readonly signal?: AbortSignal;
  /** `tries` counts attempts without an event between them; the default is 10 */
  readonly retries?: RetryPolicy;
}

/**
 * What happened, typed by its name. `reset` says that events were missed for good, or belong to
 * another database: read what you show anew, then go on.
 */
export type LiveEvent<Kind extends LiveEventName = LiveEventName> = LiveEventOf<Kind | "reset">;

/** Three of the server's signs of life. */
const SILENCE_MS = 45_000;

const RETRIES: RetryPolicy = { ...DEFAULT_RETRIES, tries: 10, longestWaitMs: 30_000 };

/**
 * Watches a metering server's events, in browsers and Node. Connects again after a broken connection
 * and goes on after the last event, on any server of the ledger, without a gap or a repeat. Throws
 * `ApiProblem` for a refusal and `CreditsError` if no server answers. A program that is slow to take
 * events gets them later, and misses none until the server says `reset`.
 */
export function watch(
  url: string,
  watched: { readonly checkpoints: true },
  options?: WatchOptions,
): AsyncGenerator<LiveEvent<"checkpoint">, void>;
export function watch<Kind extends LiveKind = LiveKind>(
  url: string,
  watched: Watched,
  options?: WatchOptions<Kind>,
): AsyncGenerator<LiveEvent<Kind>, void>;
export async function* watch(
  url: string,
  watched: Watched,
  options: WatchOptions = {},
): AsyncGenerator<LiveEvent, void> {
  const { signal, retries = RETRIES } = options;
  const { route, id } = routeOf(watched);
  const to = new URL(pathOf(route, id, options), url);
  const state = { id: options.lastEventId ?? "", retryMs: retries.firstWaitMs };
  for (let failures = 0; ;) {
    let failure: unknown = null;
    try {
      // oxlint-disable-next-line no-await-in-loop -- one connection after the other
      const body = await connect(to, route, options, state.id);
      // oxlint-disable-next-line no-await-in-loop
      for await (const frame of framesOf(body, signal)) {
        if (frame.retryMs !== null) state.retryMs = frame.retryMs;
        if (frame.id !== null) state.id = frame.id;
        const event = eventOf(frame, state.id);
        if (event !== null) {
          failures = 0;
          yield event;
        }
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!isPassing(error)) throw error;
      failure = error;
    }
    if (failure !== null) failures++;
    if (failures >= retries.tries) throw failure;
    const backoffMs = state.retryMs * 2 ** Math.max(0, failures - 1) * (0.5 + retries.random() / 2);
    const asked = failure instanceof CreditsError ? (failure.retryAfterMs ?? 0) : 0;
    // oxlint-disable-next-line no-await-in-loop
    await retries.wait(Math.min(Math.max(backoffMs, asked), retries.longestWaitMs), signal);
  }
}

function routeOf(watched: Watched): { readonly route: Route; readonly id: string } {
  if ("checkpoints" in watched) return { route: watchCheckpoints, id: "" };
  if ("provider" in watched) return { route: watchProvider, id: watched.provider };
  if ("spender" in watched) return { route: watchSpender, id: watched.spender };
  return { route: watchAccount, id: watched.account };
}

function pathOf({ path }: Route, id: string, { kinds }: WatchOptions): string {
  const query = kinds === undefined ? "" : `?kinds=${kinds.join(",")}`;
  return path.replace(/\{\w+\}/, encodeURIComponent(id)) + query;
}

async function connect(
  to: URL,
  route: Route,
  { signal, ...credentials }: WatchOptions,
  lastEventId: string,
): Promise<ReadableStream<Uint8Array>> {
  const headers = new Headers({ accept: "text/event-stream" });
  const header = await authorizationFor(route, credentials);
  if (header !== undefined) headers.set("authorization", header);
  if (lastEventId !== "") headers.set("last-event-id", lastEventId);
  let response: Response;
  try {
    response = await fetch(to, { headers, cache: "no-store", ...(signal ? { signal } : {}) });
  } catch (cause) {
    signal?.throwIfAborted();
    throw failureOf("server_unreachable", { cause });
  }
  const type = response.headers.get("content-type") ?? "";
  if (response.ok && response.body !== null && type.startsWith("text/event-stream")) {
    return response.body;
  }
  throw await problemOf(response);
}

async function problemOf(response: Response): Promise<CreditsError> {
  const { status } = response;
  const retryAfterMs = retryAfterMsOf(response.headers.get("retry-after"), Date.now());
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  const document: unknown = await response.json().catch(() => undefined);
  if (typeof document === "object" && document !== null && "reason" in document) {
    return new ApiProblem(status, { ...document }, wait);
  }
  return failureOf("unexpected_answer", { status, ...wait });
}

function failureOf(
  reason: "server_unreachable" | "unexpected_answer",
  details: { readonly status?: number; readonly retryAfterMs?: number; readonly cause?: unknown },
): CreditsError {
  return new CreditsError(CLIENT_REASONS[reason].meaning, { reason, ...details });
}

function isPassing(error: unknown): boolean {
  if (!(error instanceof CreditsError)) return false;
  const { reason, status } = error;
  return reason === "server_unreachable" || (status !== null && (status >= 500 || status === 429));
}

/** What comes between two empty lines of a stream. */
interface Frame {
  readonly name: string;
  /** `null`: it has no data, and is no event */
  readonly data: string | null;
  readonly id: string | null;
  readonly retryMs: number | null;
}

/** Longer lines are no server's: an event's data is one allowance, hold or checkpoint. */
const MAX_LINE = 1_048_576;

/** Parses server-sent events (WHATWG HTML, 9.2.6). Throws if the connection breaks or is silent. */
async function* framesOf(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Frame, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let lines: string[] = [];
  try {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- chunks in order
      const { done, value } = await readOrBreak(reader, signal);
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      const parts = rest.split(/\r\n|\n|\r(?!$)/);
      rest = parts.pop() ?? "";
      if (rest.length > MAX_LINE) throw failureOf("unexpected_answer", {});
      for (const line of parts) {
        if (line !== "") {
          lines.push(line);
          continue;
        }
        yield frameOf(lines);
        lines = [];
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function readOrBreak(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  signal: AbortSignal | undefined,
) {
  const silence = setTimeout(() => void reader.cancel().catch(() => undefined), SILENCE_MS);
  try {
    return await reader.read();
  } catch (cause) {
    signal?.throwIfAborted();
    throw failureOf("server_unreachable", { cause });
  } finally {
    clearTimeout(silence);
  }
}

function frameOf(lines: readonly string[]): Frame {
  const data: string[] = [];
  let [name, id, retryMs]: [string, string | null, number | null] = ["message", null, null];
  for (const line of lines) {
    const [, field = "", value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === "data") data.push(value);
    else if (field === "event") name = value;
    else if (field === "id" && !value.includes("\0")) id = value;
    else if (field === "retry" && /^\d{1,7}$/.test(value)) retryMs = Number(value);
  }
  return { name, data: data.length === 0 ? null : data.join("\n"), id, retryMs };
}

/** `null` for what a program is not told: the server's last words, and events of later versions. */
function eventOf({ name, data }: Frame, id: string): LiveEvent | null {
  if (data === null || name === "closing" || !isEventName(name)) return null;
  const schema: z.ZodType = LIVE_EVENTS[name];
  const parsed = schema.safeParse(jsonOf(data));
  if (!parsed.success) throw failureOf("unexpected_answer", { cause: parsed.error });
  return liveEvent(name, parsed.data, id);
}

function liveEvent(event: LiveEventName, data: unknown, id: string): LiveEvent;
function liveEvent(event: LiveEventName, data: unknown, id: string): object {
  return { event, data, id };
}

function isEventName(name: string): name is LiveEventName {
  return Object.hasOwn(LIVE_EVENTS, name);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
