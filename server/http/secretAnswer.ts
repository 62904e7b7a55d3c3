import type { Response } from "express";

const madeIds = new WeakMap<Response, string>();

/**
 * Says that the answer holds a secret, such as a session's token, so it is never stored. A repeated
 * request is told the id of what was made instead. Call it before answering.
 */
export function answerHoldsSecret(res: Response, madeId: string): void {
  madeIds.set(res, madeId);
}

/** The id of what was made, if a route said that its answer holds a secret; `null` if it did not. */
export function secretOf(res: Response): string | null {
  return madeIds.get(res) ?? null;
}

/** Whether an answer must not be stored anywhere: it says so itself, or sets a cookie. */
export function isUnstorable(res: Response): boolean {
  return res.hasHeader("set-cookie") || String(res.getHeader("cache-control")).includes("no-store");
}
