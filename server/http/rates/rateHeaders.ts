import type { Response } from "express";

import type { Spent } from "../../stores/rateLimits/budget.ts";

/**
 * Tells what the caller has left, in the fields of draft-ietf-httpapi-ratelimit-headers (lists of
 * Structured Fields): `q` and `r` are points, `w` and `t` seconds.
 */
export function setRateHeaders(res: Response, all: readonly Spent[]): void {
  res.setHeader(
    "RateLimit-Policy",
    all.map(({ policy, points, seconds }) => `"${policy}";q=${points};w=${seconds}`).join(", "),
  );
  res.setHeader(
    "RateLimit",
    all
      .map(({ policy, remaining, resetSeconds }) => `"${policy}";r=${remaining};t=${resetSeconds}`)
      .join(", "),
  );
}
