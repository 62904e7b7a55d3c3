import type { IncomingMessage, ServerResponse } from "node:http";

import type { Charge } from "@compute-credits/express/charge/charge";
import type { Api, Prepared } from "./apis/api.ts";
import type { Model } from "./models.ts";
import type { Counter } from "./usage/countTokens.ts";

/** A paid request whose upstream has begun to answer. */
export interface Exchange {
  readonly api: Api;
  readonly asked: Prepared;
  readonly model: Model;
  readonly charge: Charge;
  /** the upstream's answer */
  readonly answer: IncomingMessage;
  /** counts what the upstream does not */
  readonly count: Counter;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** Headers of the upstream's answer that the caller gets. */
const PASSED = ["content-type", "retry-after", "x-request-id", "request-id"] as const;

export function passedHeaders({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    PASSED.flatMap((name) => {
      const value = headers[name];
      return typeof value === "string" ? [[name, value]] : [];
    }),
  );
}
