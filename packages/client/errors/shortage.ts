import type { z } from "zod";

import { ShortageProblem } from "@compute-credits/api/openapi/problem";

/**
 * Why work cannot be paid: the account, what is missing in micro-credits, the chain, and in `buy`
 * the two calls that buy exactly that; `buy` is `null` if more credits would not help.
 */
export type Shortage = z.infer<typeof ShortageProblem>;

/**
 * Reads a problem with status 402: the document of an `ApiProblem`, or the `problem` of one outcome
 * of a report or a preview. Returns `null` for any other problem.
 */
export function shortageOf(problem: Readonly<Record<string, unknown>>): Shortage | null {
  return problem["status"] === 402 ? (ShortageProblem.safeParse(problem).data ?? null) : null;
}
