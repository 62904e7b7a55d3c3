import { z } from "zod";

import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { ApiProblem } from "@compute-credits/client/http/api";
import type { Context } from "../context/context.ts";

/** Milliseconds until a request without an answer fails. */
const TIMEOUT_MS = 60_000;

const Problem = z.looseObject({ reason: z.string() });

/** Asks a path for CSV, which the server bounds. Rejects with a `CreditsError`, as `api.call` does. */
export async function fetchCsv(context: Context, path: string, query: object): Promise<string> {
  const url = new URL(path, context.server);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  const header = await context.authorization();
  const headers = new Headers({ accept: "text/csv" });
  if (header !== null) headers.set("authorization", header);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(url, { headers, signal }).catch((cause: unknown) => {
    throw new CreditsError("No server answered.", { reason: "server_unreachable", cause });
  });
  const text = await response.text();
  if (response.ok && response.headers.get("content-type")?.startsWith("text/csv") === true) {
    return text;
  }
  const problem = Problem.safeParse(jsonOf(text));
  if (problem.success) throw new ApiProblem(response.status, problem.data);
  throw new CreditsError("The answer is no CSV.", { reason: "unexpected_answer" });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
