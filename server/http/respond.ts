import type { Response } from "express";

import { jsonText } from "@compute-credits/protocol/jsonText";
import type { Problem } from "./problem.ts";

/** Answers with JSON. Amounts become decimal text, because JSON numbers lose digits above 2^53. */
export function respond(res: Response, status: number, body: unknown): void {
  if (res.req.method === "GET") res.status(status).type("application/json").send(jsonText(body));
  else respondUncached(res, status, body);
}

/** Skips Express's ETag, a hash of the answer: for answers that no cache uses. */
export function respondUncached(res: Response, status: number, body: unknown): void {
  const text = jsonText(body);
  res.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
  });
  res.end(text);
}

export function respondProblem(res: Response, problem: Problem): void {
  res.status(problem.status).type("application/problem+json").send(jsonText(problem));
}
