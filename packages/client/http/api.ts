import { z } from "zod";

import type { AnswerBody, AnswerStatus, Route } from "@compute-credits/api/route";
import { jsonText } from "@compute-credits/protocol/jsonText";
import type { Sent } from "./sent.ts";

/** A metering server's refusal: an RFC 9457 problem. */
export class ApiProblem extends Error {
  override readonly name = "ApiProblem";
  readonly status: number;
  /** stable, in snake_case: callers branch on it */
  readonly reason: string;
  /** the whole problem document */
  readonly document: Readonly<Record<string, unknown>>;

  constructor(status: number, document: Readonly<Record<string, unknown>>) {
    super(`${status} ${String(document["reason"])}: ${String(document["detail"])}`);
    this.status = status;
    this.reason = String(document["reason"]);
    this.document = document;
  }
}

/** Who asks. Public reads need neither. */
export interface Credentials {
  /** a key of any kind, or a session's token */
  readonly key?: string;
  /** makes the whole header `Authorization` in its place, such as a signer of `LogAccess` */
  readonly authorization?: () => Promise<string>;
}

/** Requests to a metering server with JSON bodies. */
export interface Api {
  /**
   * Calls a route of the table. Rejects with a `ZodError` if the answer is not as the table
   * describes it.
   */
  call<R extends Route>(route: R, sent: Sent<R>): Promise<AnswerBody<R>>;
  get(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
}

/** Milliseconds until a request without an answer fails. */
const TIMEOUT_MS = 60_000;

/**
 * Creates a client of a metering server's HTTP API. A request that the connection loses is sent
 * once more: a server may close an idle connection just as it is used. Repeating is safe, because
 * the server takes every message once. Requests reject with `ApiProblem` on a refusal.
 */
export function createApi(url: string, { key, authorization }: Credentials = {}): Api {
  async function credentials(): Promise<Record<string, string>> {
    if (key !== undefined) return { authorization: `Bearer ${key}` };
    return authorization === undefined ? {} : { authorization: await authorization() };
  }

  async function request(path: string, init: RequestInit) {
    const response = await send(new URL(path, url), init);
    const document: unknown = await response.json();
    if (!response.ok) throw new ApiProblem(response.status, isRecord(document) ? document : {});
    return { status: response.status, document };
  }

  const get = async (path: string) => await request(path, { headers: await credentials() });
  const post = async (path: string, body: unknown) =>
    await request(path, {
      method: "POST",
      headers: { ...(await credentials()), "content-type": "application/json" },
      body: jsonText(body),
    });

  async function call<R extends Route>(route: R, sent: Sent<R>): Promise<AnswerBody<R>>;
  async function call(route: Route, sent: AnySent): Promise<unknown> {
    const path = pathOf(route, sent);
    const { status, document } =
      route.method === "get" ? await get(path) : await post(path, sent.body ?? {});
    return schemaOf(route, status).parse(document);
  }

  return {
    call,
    get: async (path) => (await get(path)).document,
    post: async (path, body) => (await post(path, body)).document,
  };
}

interface AnySent {
  readonly params?: object;
  readonly query?: object;
  readonly body?: unknown;
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

async function send(to: URL, init: RequestInit): Promise<Response> {
  const attempt = () => fetch(to, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  return await attempt().catch(async (error: unknown) => {
    // `fetch` rejects with a TypeError if the network fails, and with another error on a timeout.
    if (error instanceof TypeError) return await attempt();
    throw error;
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
