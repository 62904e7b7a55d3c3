import type { Response } from "express";

import type { Problem } from "./problem.ts";

/** Amounts leave as decimal text: JSON's numbers lose digits above 2^53. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    typeof field === "bigint" ? field.toString() : field,
  );
}

export function respond(res: Response, status: number, body: unknown): void {
  if (res.req.method === "GET") res.status(status).type("application/json").send(toJson(body));
  else sendPlainly(res, status, "application/json", toJson(body));
}

export function respondProblem(res: Response, problem: Problem): void {
  res.status(problem.status).type("application/problem+json").send(toJson(problem));
}

/** Without what Express adds for caches, a hash of the answer: nobody asks for one of these again. */
function sendPlainly(res: Response, status: number, type: string, text: string): void {
  res.writeHead(status, {
    "content-type": `${type}; charset=utf-8`,
    "content-length": Buffer.byteLength(text),
  });
  res.end(text);
}
