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
}

/** What the clients did. */
export interface Done {
  readonly requests: number;
  readonly perSecond: number;
  /** answers by status; 0 for a connection that the server closed */
  readonly statuses: Readonly<Record<number, number>>;
  /** milliseconds */
  readonly p50: number;
  readonly p99: number;
}

export function post(path: string, body: unknown, key?: string): Request {
  return {
    method: "POST",
    path,
    headers: {
      "content-type": "application/json",
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify(body, (_, value: unknown) =>
      typeof value === "bigint" ? `${value}` : value,
    ),
  };
}

export const get = (path: string, key?: string): Request => ({
  method: "GET",
  path,
  ...(key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } }),
});

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
