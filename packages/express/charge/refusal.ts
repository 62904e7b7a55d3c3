import { problemType } from "@compute-credits/api/problems/problemType";
import type { ApiProblem } from "@compute-credits/client/errors/apiProblem";
import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { paymentRequired } from "./paymentRequired.ts";

/** Why a request is not served: an answer, ready to send. Its body is an RFC 9457 problem. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly problem: Problem;
}

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly reason: string;
  readonly detail: string;
  readonly [field: string]: unknown;
}

/** Reasons that the charging itself gives, besides those of the metering server. */
export type ChargeReason =
  | "missing_credentials"
  | "invalid_signature"
  | "body_not_kept"
  | "metering_unreachable"
  | "metering_misconfigured"
  | "metering_busy"
  | "idempotency_key_invalid"
  | "idempotency_key_in_flight"
  | "idempotency_key_reused"
  | "already_charged"
  | "too_many_attempts";

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  402: "Payment Required",
  403: "Forbidden",
  409: "Conflict",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  503: "Service Unavailable",
};

/** Clients that retry by themselves ask this header first: OpenAI's and Anthropic's do. */
const NO_RETRY = { "x-should-retry": "false" };

export function refusal(
  status: number,
  reason: ChargeReason,
  detail: string,
  {
    headers = {},
    fields = {},
  }: {
    readonly headers?: Readonly<Record<string, string>>;
    readonly fields?: Readonly<Record<string, unknown>>;
  } = {},
): Refusal {
  const problem = {
    ...fields,
    type: problemType(reason),
    title: TITLES[status] ?? "Error",
    status,
    reason,
    detail,
  };
  return { status, headers: { ...(status === 409 ? NO_RETRY : {}), ...headers }, problem };
}

/** Seconds after which a caller may try again, if the server did not say. */
const RETRY_AFTER_SECONDS = 5;

export function unreachable(): Refusal {
  return refusal(
    503,
    "metering_unreachable",
    "The work cannot be charged now, so it was not started. Send the request again later.",
    { headers: { "retry-after": `${RETRY_AFTER_SECONDS}` } },
  );
}

/**
 * The answer for a hold that was refused. What is the caller's to mend is shown to it as the server
 * said it; what is the provider's is 503, and told to the provider by `onError`.
 */
export function refusalOf(error: unknown, resource: string): Refusal {
  if (!isApiProblem(error)) return unreachable();
  const { status, document, reason } = error;
  const wait = error.retryAfterMs === null ? null : Math.ceil(error.retryAfterMs / 1_000);
  const after = wait === null ? {} : { "retry-after": `${wait}` };
  if (status === 402) {
    return {
      status,
      headers: { ...after, "payment-required": paymentRequired(document, resource) },
      problem: problemOf(document, error),
    };
  }
  if (status === 403 && reason !== "provider_not_approved") {
    return { status, headers: {}, problem: problemOf(document, error) };
  }
  if (reason === "hold_id_conflict") {
    return refusal(
      409,
      "idempotency_key_reused",
      "Another request was sent with this Idempotency-Key. Use a new key for each request.",
    );
  }
  if (status === 429) {
    return refusal(429, "metering_busy", "Too much is charged at once. Send it again later.", {
      headers: { "retry-after": `${wait ?? RETRY_AFTER_SECONDS}` },
    });
  }
  if (status >= 500) return unreachable();
  return refusal(
    503,
    "metering_misconfigured",
    "The service cannot charge for this work, so it was not started. Tell its provider.",
    { headers: { "retry-after": "60" } },
  );
}

/** Whether the provider has to act on a refusal: its key, its rates or its server are wrong. */
export function isProvidersFault({ problem }: Refusal): boolean {
  return problem.reason === "metering_misconfigured" || problem.reason === "metering_unreachable";
}

function problemOf(document: Readonly<Record<string, unknown>>, error: ApiProblem): Problem {
  const { status, reason } = error;
  const detail = typeof document["detail"] === "string" ? document["detail"] : error.message;
  const type = typeof document["type"] === "string" ? document["type"] : "about:blank";
  const title = TITLES[status] ?? "Error";
  return { ...document, type, title, status, reason, detail };
}

function isApiProblem(error: unknown): error is ApiProblem {
  return error instanceof CreditsError && error.name === "ApiProblem";
}
