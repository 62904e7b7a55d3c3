import type { Hex } from "viem";

/** A request that a client sends. `{id}` in its body becomes another UUID each time. */
export interface Request {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** in place of `body`, as base64 */
  readonly bytes?: string;
}

/** What the clients of one process do until they are stopped. */
export type Work =
  | {
      readonly kind: "requests";
      /** sent in turns, over and over */
      readonly requests: readonly Request[];
      readonly clients: number;
      /** of all clients together; `null`: each sends the next as soon as it has an answer */
      readonly perSecond: number | null;
    }
  /** Each client opens sockets, sends half a request on each, and leaves them open. */
  | { readonly kind: "half_open"; readonly clients: number; readonly perSecond: number };

export interface Start {
  readonly url: string;
  /** the address that the clients connect from */
  readonly from: string;
  readonly work: Work;
  /** milliseconds of work that are not counted, until the server is as busy as it will be */
  readonly leadMs: number;
}

/** How often each answer came: a status, and a refusal's reason, such as `404 code_not_found`. */
export type Answers = Readonly<Record<string, number>>;

/** The answers to half a request: the connection stays open, or the server closes it. */
export const HALF_OPEN = { stays: "open", closed: "closed" } as const;

/** What the clients did. */
export interface Done {
  readonly requests: number;
  readonly perSecond: number;
  readonly answers: Answers;
  /** milliseconds */
  readonly p50: number;
  readonly p99: number;
}

export function post(path: string, body: unknown, key?: string): Request {
  return {
    method: "POST",
    path,
    headers: { "content-type": "application/json", ...bearer(key) },
    body: JSON.stringify(body, (_, value: unknown) =>
      typeof value === "bigint" ? `${value}` : value,
    ),
  };
}

/** A body that the sender has compressed. */
export function postGzip(path: string, compressed: Buffer, key?: string): Request {
  return {
    method: "POST",
    path,
    headers: { "content-type": "application/json", "content-encoding": "gzip", ...bearer(key) },
    bytes: compressed.toString("base64"),
  };
}

export const get = (path: string, key?: string): Request => ({
  method: "GET",
  path,
  headers: bearer(key),
});

const bearer = (key: string | undefined): Readonly<Record<string, string>> =>
  key === undefined ? {} : { authorization: `Bearer ${key}` };

/** A usage event of the provider as a CloudEvent, with another id each time. */
export function usageOf(provider: Hex, spender: Hex, id = "{id}") {
  return {
    specversion: "1.0",
    type: "compute-credits.usage.v1",
    source: provider,
    id,
    subject: spender,
    time: new Date().toISOString(),
    data: { meter: "units", quantity: "3", dimensions: { region: "eu" } },
  };
}
