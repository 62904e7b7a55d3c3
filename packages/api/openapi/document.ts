import { z } from "zod";
import {
  type CreateDocumentOptions,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponsesObject,
  createDocument,
} from "zod-openapi";

import { CALLERS, type Scheme } from "../callers.ts";
import { IdempotencyKeyHeader, takesIdempotencyKey } from "../idempotency.ts";
import { reasonsByStatus } from "../problems/reasonsOfRoute.ts";
import { type FileAnswer, type JsonAnswer, type Route, TAGS } from "../route.ts";
import { WEIGHTS, isLimited, usualWeight } from "../weights.ts";
import { PROBLEM_TYPE, Problem, ShortageProblem } from "./problem.ts";
import { SECURITY_SCHEMES } from "./securitySchemes.ts";
import { wireForm } from "./wireForm.ts";

const INFO = {
  title: "Compute Credits",
  description:
    "A metering server: prepaid credits of a contract, debited in real time.\n\n" +
    "Amounts are micro-credits (1 credit is 1,000,000) and, like every other 64-bit number, " +
    "decimal text. `x-rate-limit` of an operation has the points that a request costs of the budgets " +
    "in `RateLimit-Policy`. A refusal is a problem document (RFC 9457) with a stable `reason`. " +
    "Sending a request again charges and stores nothing twice.",
  license: { name: "MIT", identifier: "MIT" },
} as const;

const OPTIONS: CreateDocumentOptions = { override: wireForm, outputIdSuffix: "Answer" };

/** Describes the routes as an OpenAPI 3.1 document. */
export function openApiDocument(routes: readonly Route[], version: string) {
  return createDocument(
    {
      openapi: "3.1.1",
      info: { ...INFO, version },
      servers: [{ url: "/", description: "The server that shows this document." }],
      security: [],
      tags: Object.entries(TAGS).map(([name, description]) => ({
        name,
        "x-displayName": description,
        description,
      })),
      paths: pathsOf(routes),
      components: { securitySchemes: SECURITY_SCHEMES },
    },
    OPTIONS,
  );
}

function pathsOf(routes: readonly Route[]): ZodOpenApiPathsObject {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route) };
  }
  return paths;
}

function operationOf(route: Route): ZodOpenApiOperationObject {
  const { id, tag, summary, description, params, query, body } = route;
  const request = {
    ...(params === undefined ? {} : { path: params }),
    ...(query === undefined ? {} : { query }),
    ...(takesIdempotencyKey(route) ? { header: IdempotencyKeyHeader } : {}),
  };
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: securityOf(route),
    requestParams: request,
    ...(body === undefined ? {} : { requestBody: requestBodyOf(route, body) }),
    ...(isLimited(route.path) ? { "x-rate-limit": rateLimitOf(route) } : {}),
    responses: { ...answersOf(route), ...problemsOf(route) },
  };
}

/** What a request costs of its caller's budgets. */
function rateLimitOf({ method, weight = usualWeight(method) }: Route) {
  return { weight, points: WEIGHTS[weight].points };
}

function requestBodyOf({ bodyTypes = ["application/json"], exampleBody }: Route, body: z.ZodType) {
  const content = {
    schema: body,
    ...(exampleBody === undefined ? {} : { example: exampleBody }),
  };
  return {
    required: !body.safeParse(undefined).success,
    content: Object.fromEntries(bodyTypes.map((type) => [type, content])),
  };
}

function answersOf({ answers }: Route): ZodOpenApiResponsesObject {
  return Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => [
      status,
      { description: answer.description, content: contentOf(answer) },
    ]),
  );
}

function contentOf(answer: JsonAnswer | FileAnswer) {
  if ("contentTypes" in answer) {
    const schema = eventsSchema(answer);
    if (schema !== null) return { "text/event-stream": { schema } };
    return Object.fromEntries(answer.contentTypes.map((type) => [type, { schema: {} }]));
  }
  const others = (answer.alternatives ?? []).map((type) => [type, { schema: { type: "string" } }]);
  return { "application/json": { schema: answer.schema }, ...Object.fromEntries(others) };
}

/** OpenAPI 3.1 has no word for events: the schema describes what `data` may be. */
function eventsSchema({ events }: FileAnswer): z.ZodType | null {
  if (events === undefined) return null;
  const [first, ...others] = Object.values(events);
  return first === undefined ? null : z.union([first, ...others]);
}

function problemsOf(route: Route): ZodOpenApiResponsesObject {
  const answered = new Set(Object.keys(route.answers));
  return Object.fromEntries(
    [...reasonsByStatus(route)]
      .filter(([status]) => !answered.has(`${status}`))
      .map(([status, reasons]) => [
        `${status}`,
        {
          description: `A problem. Its reason: ${reasons.map((one) => `\`${one}\``).join(", ")}.`,
          content: { [PROBLEM_TYPE]: { schema: status === 402 ? ShortageProblem : Problem } },
        },
      ]),
  );
}

/** One alternative for each way that a caller shows itself; `{}` without credentials. */
function securityOf({ callers }: Route): Record<string, string[]>[] {
  const schemes = new Set<Scheme | null>(callers.flatMap((caller) => CALLERS[caller].schemes));
  return [...schemes].map((scheme) => (scheme === null ? {} : { [scheme]: [] }));
}
