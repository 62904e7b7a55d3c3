import type { Request, Response, Router } from "express";

import type { AnswerOf, RequestOf, Route, StatusOfAnswer } from "@compute-credits/api/route";
import { parse } from "./parse.ts";
import { handled } from "./recordActs.ts";
import { respond } from "./respond.ts";

/** What a handler gets. */
export interface Call<R extends Route> {
  readonly req: Request;
  readonly res: Response;
  /**
   * Parses the parameters, the query and the body, each when it is taken from the result. Throws a
   * 400 that lists each wrong field. A handler takes the query and the body after it has checked
   * whose credentials these are, so that other parties learn nothing.
   */
  readonly read: () => RequestOf<R>;
  /** Makes one of the answers that the table describes. */
  readonly answer: <Status extends StatusOfAnswer<R>>(
    status: Status,
    body: AnswerOf<R, Status>,
  ) => Answer;
}

/** An answer in JSON, or `null` if the handler wrote its answer to `res`, such as a file. */
export type Answer = { readonly status: number; readonly body: unknown } | null;

export type Handler<R extends Route> = (call: Call<R>) => Answer | Promise<Answer>;

/**
 * Mounts a handler on a route of the table. Its answer is one of those that the table describes,
 * or a `ProblemError` that it throws. `router` is mounted under the first part of the path, /v1.
 */
export function mount<R extends Route>(router: Router, route: R, handler: Handler<R>): void {
  const method: Route["method"] = route.method;
  router[method](pathIn(route), async (req, res) => {
    const read = () => readRequest(route, req);
    const answer = await handled(req, route, () => handler({ req, res, read, answer: makeAnswer }));
    if (answer !== null) respond(res, answer.status, answer.body);
  });
}

function makeAnswer(status: number, body: unknown): Answer {
  return { status, body };
}

function readRequest<R extends Route>({ params, query, body }: R, req: Request): RequestOf<R>;
function readRequest({ params, query, body }: Route, req: Request): RequestOf<Route> {
  return {
    get params() {
      return params === undefined ? {} : parse(params, req.params);
    },
    get query() {
      return query === undefined ? {} : parse(query, req.query);
    },
    get body() {
      return body === undefined ? undefined : parse(body, req.body);
    },
  };
}

/** `/v1/accounts/{address}` → `/accounts/:address` */
function pathIn({ path }: Route): string {
  return path.replace(/^\/v1/, "").replaceAll(/\{(\w+)\}/g, ":$1");
}
