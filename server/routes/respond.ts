import type { Response } from "express";

import type { Problem } from "./problem.ts";

/** Amounts leave as decimal text: JSON's numbers lose digits above 2^53. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    typeof field === "bigint" ? field.toString() : field,
  );
}

export function respond(res: Response, status: number, body: unknown): void {
  res.status(status).type("application/json").send(toJson(body));
}

export function respondProblem(res: Response, problem: Problem): void {
  res.status(problem.status).type("application/problem+json").send(toJson(problem));
}
