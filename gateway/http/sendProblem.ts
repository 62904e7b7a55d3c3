import { STATUS_CODES, type ServerResponse } from "node:http";

import { problemType } from "@compute-credits/api/problems/problemType";
import type { Refusal } from "@compute-credits/express/charge/refusal";
import type { Api } from "../apis/api.ts";
import type { GatewayError } from "./gatewayError.ts";

type Dialect = Api["errors"];

/** Sends why a request is not served, so that problem readers and the APIs' own clients read it. */
export function sendRefusal(res: ServerResponse, refusal: Refusal, dialect: Dialect): void {
  const { status, headers, problem } = refusal;
  send(res, { status, headers, problem, param: null }, dialect);
}

export function sendError(res: ServerResponse, error: GatewayError, dialect: Dialect): void {
  const { status, reason, message, param, retryAfterSeconds } = error;
  const problem = {
    type: problemType(reason),
    title: STATUS_CODES[status] ?? "Error",
    status,
    reason,
    detail: message,
  };
  const headers =
    retryAfterSeconds === null
      ? { "x-should-retry": "false" }
      : { "retry-after": `${retryAfterSeconds}` };
  send(res, { status, headers, problem, param }, dialect);
}

/** What a stream says that broke off after it had begun. Clients of both dialects throw it. */
export function errorEvent({ reason, message }: GatewayError, dialect: Dialect): string {
  const data =
    dialect === "openai"
      ? { error: { message, type: "upstream_error", code: reason, param: null } }
      : { type: "error", error: { type: "api_error", message } };
  return `${dialect === "openai" ? "" : "event: error\n"}data: ${JSON.stringify(data)}\n\n`;
}

interface Sent {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly problem: Refusal["problem"];
  readonly param: string | null;
}

function send(res: ServerResponse, { status, headers, problem, param }: Sent, dialect: Dialect) {
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  const { detail: message, reason: code } = problem;
  // Anthropic's errors have a `type` of their own, in the place of the problem's.
  const body =
    dialect === "openai"
      ? { ...problem, error: { message, type: kindOf(status), code, param } }
      : { ...problem, type: "error", error: { type: anthropicKindOf(status), message } };
  const bytes = Buffer.from(JSON.stringify(body));
  res.writeHead(status, {
    "content-type": dialect === "openai" ? "application/problem+json" : "application/json",
    "content-length": bytes.length,
    ...headers,
  });
  res.end(bytes);
}

function kindOf(status: number): string {
  if (status === 401) return "authentication_error";
  if (status === 402) return "insufficient_quota";
  if (status === 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

function anthropicKindOf(status: number): string {
  const kinds: Readonly<Record<number, string>> = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
  };
  return kinds[status] ?? (status >= 500 ? "api_error" : "invalid_request_error");
}
