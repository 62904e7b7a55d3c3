import { bytesToHex } from "viem";
import { z } from "zod";

import { takesIdempotencyKey } from "@compute-credits/api/idempotency";
import type { AnswerBody, AnswerStatus, Route } from "@compute-credits/api/route";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { ApiProblem } from "../errors/apiProblem.ts";
import { CLIENT_REASONS, type ClientReason } from "../errors/clientReasons.ts";
import { CreditsError } from "../errors/creditsError.ts";
import { DEFAULT_RETRIES, type RetryPolicy, retryAfterMsOf, withRetries } from "./retries.ts";
import type { Sent } from "./sent.ts";

export { ApiProblem } from "../errors/apiProblem.ts";

/** Who asks. Public reads need neither. */
export interface Credentials {
  /** a key of any kind, or a session's token */
  readonly key?: string;
  /** makes the whole header `Authorization` in its place, such as a signer of `LogAccess` */
  readonly authorization?: () => Promise<string>;
}

export interface ApiOptions extends Credentials {
  readonly retries?: RetryPolicy;
}

export interface CallOptions {
  /** ends the call: it then rejects with the signal's reason, and may have been applied */
  readonly signal?: AbortSignal;
}

/** Requests to a metering server. */
export interface Api {
  /**
   * Calls a route of the table. Repeats it by the retry policy, with one `Idempotency-Key` for all
   * attempts where the route takes one. Rejects with `ApiProblem` on a refusal, and with another
   * `CreditsError` if there is no answer or one that the table does not describe.
   */
  call<R extends Route>(route: R, sent: Sent<R>, options?: CallOptions): Promise<AnswerBody<R>>;
  /** Asks any path, and returns the JSON as it comes. Repeats it once if the connection breaks. */
  get(path: string): Promise<unknown>;
  /** As `get`, with a body. */
  post(path: string, body: unknown): Promise<unknown>;
}

/** Milliseconds until a request without an answer fails. */
const TIMEOUT_MS = 60_000;

/** A server may close an idle connection just as it is used. */
const ONLY_LOST: Pick<RetryPolicy, "tries" | "longestWaitMs"> = { tries: 2, longestWaitMs: 0 };

/** Creates a client of a metering server's HTTP API, which keeps no state. */
export function createApi(
  url: string,
  { key, authorization, retries = DEFAULT_RETRIES }: ApiOptions = {},
): Api {
  async function request(
    path: string,
    init: RequestInit,
    { signal }: CallOptions = {},
  ): Promise<Answer> {
    const headers = new Headers(init.headers);
    const header = key === undefined ? await authorization?.() : `Bearer ${key}`;
    if (header !== undefined) headers.set("authorization", header);
    return await send(new URL(path, url), { ...init, headers }, signal);
  }

  async function once(path: string, init: RequestInit): Promise<unknown> {
    const { status, document, retryAfterMs } = await withRetries(() => request(path, init), {
      ...retries,
      ...ONLY_LOST,
      firstWaitMs: 0,
    });
    if (status >= 400) throw problemOf(status, document, retryAfterMs);
    return document;
  }

  async function call<R extends Route>(
    route: R,
    sent: Sent<R>,
    options?: CallOptions,
  ): Promise<AnswerBody<R>>;
  async function call(route: Route, sent: AnySent, options: CallOptions = {}): Promise<unknown> {
    const path = pathOf(route, sent);
    const init = initOf(route, sent);
    const attempt = async () => {
      const { status, document, retryAfterMs } = await request(path, init, options);
      if (status >= 400 && !isAnswerOf(route.answers, status)) {
        throw problemOf(status, document, retryAfterMs);
      }
      const parsed = schemaOf(route, status).safeParse(document);
      if (parsed.success) return parsed.data;
      throw failure("unexpected_answer", { status, cause: parsed.error });
    };
    return await withRetries(attempt, retries, options.signal);
  }

  return {
    call,
    get: (path) => once(path, {}),
    post: (path, body) => once(path, withBody(body)),
  };
}

interface Answer {
  readonly status: number;
  readonly document: unknown;
  readonly retryAfterMs: number | undefined;
}

interface AnySent {
  readonly params?: object;
  readonly query?: object;
  readonly body?: unknown;
}

/** The same for all attempts of a call, with one key. */
function initOf({ method, path }: Route, { body = {} }: AnySent): RequestInit {
  if (method === "get") return {};
  const init = withBody(body);
  if (!takesIdempotencyKey(method, path)) return init;
  const key = bytesToHex(crypto.getRandomValues(new Uint8Array(16))).slice(2);
  return { ...init, headers: { ...init.headers, "idempotency-key": key } };
}

function withBody(body: unknown) {
  return {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: jsonText(body),
  };
}

/** The path with its parameters and its query. */
function pathOf({ path }: Route, { params = {}, query = {} }: AnySent): string {
  const values = new Map(textsOf(params));
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(values.get(name) ?? ""),
  );
  const asked = new URLSearchParams(textsOf(query)).toString();
  return asked === "" ? filled : `${filled}?${asked}`;
}

function textsOf(values: object): [string, string][] {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, String(value)]);
}

const NotDescribed = z.never("must come with a status that the API describes");

function schemaOf({ answers }: Route, status: number): z.ZodType {
  const answer = isAnswerOf(answers, status) ? answers[status] : undefined;
  return answer !== undefined && "schema" in answer ? answer.schema : NotDescribed;
}

function isAnswerOf(answers: Route["answers"], status: number): status is AnswerStatus {
  return status in answers;
}

/** A server's problem; what is none, such as a page of a proxy, is an unexpected answer. */
function problemOf(status: number, document: unknown, retryAfterMs: number | undefined) {
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (isRecord(document) && typeof document["reason"] === "string") {
    return new ApiProblem(status, document, wait);
  }
  return failure("unexpected_answer", { status, ...wait });
}

async function send(to: URL, init: RequestInit, signal: AbortSignal | undefined): Promise<Answer> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const ended = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  try {
    const response = await fetch(to, { ...init, signal: ended });
    return {
      status: response.status,
      document: jsonOf(await response.text()),
      retryAfterMs: retryAfterMsOf(response.headers.get("retry-after"), Date.now()),
    };
  } catch (cause) {
    signal?.throwIfAborted();
    // `fetch` rejects with a TypeError if the network fails, before the answer or in the middle.
    throw failure(timeout.aborted ? "timed_out" : "server_unreachable", { cause });
  }
}

/** `undefined` for a body that is no JSON: no schema takes it. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failure(
  reason: ClientReason,
  details: { readonly status?: number; readonly retryAfterMs?: number; readonly cause?: unknown },
): CreditsError {
  return new CreditsError(CLIENT_REASONS[reason].meaning, { reason, ...details });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
