import type { RequestHandler } from "express";

import { fail } from "./problem.ts";

/**
 * Refuses requests with two `Authorization` headers. Node takes the first and proxies may take the
 * last, so what was checked and logged there could be another party than the one that acts here.
 */
export const oneAuthorization: RequestHandler = (req, _res, next) => {
  let sent = 0;
  for (let index = 0; index < req.rawHeaders.length; index += 2) {
    const name = req.rawHeaders[index] ?? "";
    if (name.length === NAME.length && name.toLowerCase() === NAME) sent++;
  }
  if (sent <= 1) {
    next();
    return;
  }
  throw fail(400, "unreadable_request", "The request has two Authorization headers: send one.");
};

const NAME = "authorization";
