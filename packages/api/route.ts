import type { z } from "zod";

import type { Caller } from "./callers.ts";
import type { Reason } from "./problems/reasons.ts";
import type { Weight } from "./weights.ts";

/** Statuses of answers that are no problem documents. 503 is that of a server that is not ready. */
export type AnswerStatus = 200 | 201 | 204 | 304 | 503;

/** An answer in JSON. The schema's input is what is sent, its output what programs work with. */
export interface JsonAnswer<Schema extends z.ZodType = z.ZodType> {
  readonly description: string;
  readonly schema: Schema;
  /** other content types in which the route answers, such as `text/csv` */
  readonly alternatives?: readonly string[];
}

/** An answer that is a file, or nothing. */
export interface FileAnswer {
  readonly description: string;
  /** none: the answer has no body */
  readonly contentTypes: readonly string[];
  /** of a stream of events: the schema of each event's data, by its name */
  readonly events?: Readonly<Record<string, z.ZodType>>;
}

export type RouteAnswers = { readonly [Status in AnswerStatus]?: JsonAnswer | FileAnswer };

/**
 * One method and path of the API. The server mounts a handler on it, the client's types derive from
 * it, and the OpenAPI document describes it.
 */
export interface Route {
  /** camelCase, unique: the `operationId`, and the name of the client's method */
  readonly id: string;
  readonly method: "get" | "post";
  /** with `{name}` for each parameter */
  readonly path: `/${string}`;
  readonly tag: Tag;
  /** under twelve words: a cell of docs/routes.md */
  readonly summary: string;
  /** more for its reader, in Markdown */
  readonly description?: string;
  /** what a request costs of its caller's rate limits; by default `usualWeight` of its method */
  readonly weight?: Weight;
  /** answered once by the ids in its path and body, so that it takes no `Idempotency-Key` */
  readonly hasOwnIds?: true;
  /**
   * It changes something, and is no administrative act: the ledger's log has the work. Requests to
   * every other route that changes something are recorded.
   */
  readonly isWork?: true;
  /** who may call it: any one of these */
  readonly callers: readonly [Caller, ...Caller[]];
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** content types of the body; `application/json` if absent */
  readonly bodyTypes?: readonly string[];
  /** a body that the server accepts, apart from its signatures */
  readonly exampleBody?: unknown;
  readonly answers: RouteAnswers;
  /** reasons of its problems besides those of every route and of its callers (reasonsOfRoute.ts) */
  readonly reasons: readonly Reason[];
}

/** The concern that a route belongs to: a folder here, in server/routes and in the client. */
export type Tag = keyof typeof TAGS;

/** The concerns in the order of the documents. */
export const TAGS = {
  deployment: "The deployment and the server",
  sessions: "Signing in, and keys",
  acts: "The record of acts",
  accounts: "Accounts",
  allowances: "Allowances",
  acceptances: "Acceptances",
  campaigns: "Campaigns",
  providers: "Providers",
  usage: "Usage",
  holds: "Holds",
  evidence: "Evidence",
  pricing: "Prices",
  market: "The market",
  checkpoints: "Checkpoints",
  insight: "Insight",
  live: "Live updates",
  log: "The log",
  webhooks: "Webhooks",
} as const;

/** Declares a route: keeps the literal types that the server and the client work with. */
export function route<const R extends Route>(declared: R): R {
  return declared;
}

type Parsed<Schema, Otherwise> = Schema extends z.ZodType ? z.output<Schema> : Otherwise;
type Sent<Schema, Otherwise> = Schema extends z.ZodType ? z.input<Schema> : Otherwise;

/** What a server reads of a request. */
export type RequestOf<R extends Route> = {
  readonly [Part in "params" | "query" | "body"]: Parsed<
    R[Part],
    Part extends "body" ? undefined : Readonly<Record<string, never>>
  >;
};

/** What a client sends. */
export interface SentTo<R extends Route> {
  readonly params: Sent<R["params"], undefined>;
  readonly query: Sent<R["query"], undefined>;
  readonly body: Sent<R["body"], undefined>;
}

type DeepReadonly<T> = T extends bigint | Date | ((...args: never[]) => unknown)
  ? T
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

/** Each status with an answer in JSON, and that answer's schema. */
type SchemasOf<R extends Route> = {
  [
    Status in keyof R["answers"] & AnswerStatus as R["answers"][Status] extends JsonAnswer
      ? Status
      : never
  ]: R["answers"][Status] extends JsonAnswer<infer Schema> ? Schema : never;
};

/** The statuses in which a route answers with JSON. */
export type StatusOfAnswer<R extends Route> = keyof SchemasOf<R> & AnswerStatus;

/** What a server answers with a status. */
export type AnswerOf<R extends Route, Status extends StatusOfAnswer<R>> = DeepReadonly<
  z.output<SchemasOf<R>[Status]>
>;

/** The answers of a route in JSON, as a client reads them. */
export type AnswerBody<R extends Route> = {
  [Status in StatusOfAnswer<R>]: z.output<SchemasOf<R>[Status]>;
}[StatusOfAnswer<R>];
