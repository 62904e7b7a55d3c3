import { bytesToHex } from "viem";
import { z } from "zod";

import { takesIdempotencyKey } from "@compute-credits/api/idempotency";
import type { AnswerBody, AnswerStatus, Route } from "@compute-credits/api/route";
import { isRecord } from "@compute-credits/protocol/json/isRecord";
import { jsonText } from "@compute-credits/protocol/jsonText";
import { ApiProblem } from "../errors/apiProblem.ts";
import { CLIENT_REASONS, type ClientReason } from "../errors/clientReasons.ts";
import { CreditsError } from "../errors/creditsError.ts";
import { usable } from "../errors/usable.ts";
import { type Credentials, authorizationFor, authorizationOf } from "./credentials.ts";
import { type PathParts, pathOf } from "./paths.ts";
import { DEFAULT_RETRIES, type RetryPolicy, retryAfterMsOf, withRetries } from "./retries.ts";
import type { Sent } from "./sent.ts";

export { ApiProblem } from "../errors/apiProblem.ts";
export type { Credentials } from "./credentials.ts";

export interface ApiOptions extends Credentials {
  readonly retries?: RetryPolicy;
}

export interface CallOptions {
  /** ends the call: it then rejects with the signal's reason, and may have been applied */
  readonly signal?: AbortSignal;
  /** `omit` sends none, nor a cookie, such as with a body that a wallet signed */
  readonly credentials?: "omit";
  /** told the status of the answer that the call resolves with, such as 201 of what is new */
  readonly onStatus?: (status: number) => void;
}

/** Requests to a metering server. */
export interface Api {
  /** the server's address */
  readonly url: string;
  /** The same server, asked with other credentials. */
  as(credentials: Credentials): Api;
  /**
   * Calls a route of the table. Repeats it by the retry policy, with one `Idempotency-Key` for all
   * attempts where the route takes one. Sends the credentials only to a route that a caller with
   * such credentials may call. Rejects with `ApiProblem` on a refusal, and with another
   * `CreditsError` if there is no answer or one that the table does not describe.
   */
  call<R extends Route>(route: R, sent: Sent<R>, options?: CallOptions): Promise<AnswerBody<R>>;
  /** As `call`, for a route that also answers in this content type, such as `text/csv`. */
  text<R extends Route>(
    route: R,
    sent: Sent<R>,
    contentType: string,
    options?: CallOptions,
  ): Promise<string>;
  /**
   * Asks any path with the credentials, and returns the JSON as it comes. Repeats it once if the
   * connection breaks.
   */
  get(path: string): Promise<unknown>;
  /** As `get`, with a body. */
  post(path: string, body: unknown): Promise<unknown>;
}

/** Milliseconds until a request without an answer fails. */
const TIMEOUT_MS = 60_000;

/** A server may close an idle connection just as it is used. */
const ONLY_LOST: Pick<RetryPolicy, "tries" | "longestWaitMs"> = { tries: 2, longestWaitMs: 0 };

/**
 * Creates a client of a metering server's HTTP API, which keeps no state. Throws a `CreditsError`
 * (`invalid_input`) unless `url` is a whole address.
 */
export function createApi(
  url: string,
  { retries = DEFAULT_RETRIES, ...credentials }: ApiOptions = {},
): Api {
  const server = usable(() => new URL(url));

  async function once(path: string, init: RequestInit): Promise<unknown> {
    const to = new URL(path, server);
    const attempt = async () => {
      const headers = withHeader(init, "authorization", await authorizationOf(credentials));
      return await send(to, { ...init, headers }, undefined);
    };
    const policy = { ...retries, ...ONLY_LOST, firstWaitMs: 0 };
    return documentOf(await withRetries(attempt, policy));
  }

  /** Sends one request of a route as often as the policy says, and reads each answer. */
  async function repeated<T>(
    route: Route,
    { sent, accept, options = {} }: Asked,
    read: (answer: Answer) => T,
  ): Promise<T> {
    const to = new URL(pathOf(route, sent), server);
    const init = initOf(route, sent);
    const { signal } = options;
    const attempt = async () => {
      const header =
        options.credentials === "omit" ? undefined : await authorizationFor(route, credentials);
      const headers = withHeader(init, "authorization", header);
      if (accept !== undefined) headers.set("accept", accept);
      // A browser would otherwise add its session's cookie.
      const cookies = options.credentials === "omit" ? { credentials: "omit" as const } : {};
      return read(await send(to, { ...init, ...cookies, headers }, signal));
    };
    return await withRetries(attempt, retries, signal);
  }

  async function call<R extends Route>(
    route: R,
    sent: Sent<R>,
    options?: CallOptions,
  ): Promise<AnswerBody<R>>;
  async function call(route: Route, sent: AnySent, options?: CallOptions): Promise<unknown> {
    return await repeated(route, { sent, options }, (answer) => {
      const { status } = answer;
      const document = isAnswerOf(route.answers, status) ? jsonOf(answer.text) : documentOf(answer);
      const parsed = schemaOf(route, status).safeParse(document);
      if (!parsed.success) throw failure("unexpected_answer", { status, cause: parsed.error });
      options?.onStatus?.(status);
      return parsed.data;
    });
  }

  async function text<R extends Route>(
    route: R,
    sent: Sent<R>,
    contentType: string,
    options?: CallOptions,
  ): Promise<string>;
  async function text(
    route: Route,
    sent: AnySent,
    accept: string,
    options?: CallOptions,
  ): Promise<string> {
    return await repeated(route, { sent, accept, options }, (answer) => {
      if (answer.status < 400 && answer.contentType.startsWith(accept)) return answer.text;
      documentOf(answer);
      throw failure("unexpected_answer", { status: answer.status });
    });
  }

  return {
    url,
    as: (others) => createApi(url, { ...others, retries }),
    call,
    text,
    get: (path) => once(path, {}),
    post: (path, body) => once(path, withBody(body)),
  };
}

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  readonly retryAfterMs: number | undefined;
}

interface AnySent extends PathParts {
  readonly body?: unknown;
}

interface Asked {
  readonly sent: AnySent;
  readonly accept?: string;
  readonly options: CallOptions | undefined;
}

function withHeader(init: RequestInit, name: string, value: string | undefined): Headers {
  const headers = new Headers(init.headers);
  if (value !== undefined) headers.set(name, value);
  return headers;
}

/** The same for all attempts of a call, with one key. */
function initOf(route: Route, { body = {} }: AnySent): RequestInit {
  if (route.method === "get") return {};
  const init = withBody(body);
  if (!takesIdempotencyKey(route)) return init;
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

const NotDescribed = z.never("must come with a status that the API describes");

function schemaOf({ answers }: Route, status: number): z.ZodType {
  const answer = isAnswerOf(answers, status) ? answers[status] : undefined;
  return answer !== undefined && "schema" in answer ? answer.schema : NotDescribed;
}

function isAnswerOf(answers: Route["answers"], status: number): status is AnswerStatus {
  return status in answers;
}

/**
 * An answer's JSON. Throws the problem of a refusal; what is none, such as a page of a proxy, is an
 * unexpected answer.
 */
function documentOf({ status, text, retryAfterMs }: Answer): unknown {
  const document = jsonOf(text);
  if (status < 400) return document;
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (isRecord(document) && typeof document["reason"] === "string") {
    throw new ApiProblem(status, document, wait);
  }
  throw failure("unexpected_answer", { status, ...wait });
}

async function send(to: URL, init: RequestInit, signal: AbortSignal | undefined): Promise<Answer> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const ended = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  try {
    const response = await fetch(to, { ...init, signal: ended });
    return {
      status: response.status,
      contentType: response.headers.get("content-type") ?? "",
      text: await response.text(),
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
