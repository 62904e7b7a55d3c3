import type { Response } from "express";

import { jsonText } from "@compute-credits/protocol/jsonText";
import type { Problem } from "./problem.ts";

export function respond(res: Response, status: number, body: unknown): void {
  if (res.req.method === "GET") res.status(status).type("application/json").send(jsonText(body));
  else sendPlainly(res, status, "application/json", jsonText(body));
}

export function respondProblem(res: Response, problem: Problem): void {
  res.status(problem.status).type("application/problem+json").send(jsonText(problem));
}

/** Without what Express adds for caches, a hash of the answer: nobody asks for one of these again. */
function sendPlainly(res: Response, status: number, type: string, text: string): void {
  res.writeHead(status, {
    "content-type": `${type}; charset=utf-8`,
    "content-length": Buffer.byteLength(text),
  });
  res.end(text);
}
