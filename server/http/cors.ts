import type { RequestHandler } from "express";

const METHODS = "GET, HEAD, POST, PUT";

const REQUEST_HEADERS = "authorization, content-type, idempotency-key, accept, last-event-id";

/** What a page's script may read beside the body. */
const ANSWER_HEADERS =
  "etag, link, location, retry-after, ratelimit, ratelimit-policy, idempotency-replayed, " +
  "content-disposition, www-authenticate";

/** How long a browser remembers an answer to its question. */
const MAX_AGE_SECONDS = 600;

/**
 * Lets pages of exactly these origins call the server, with their session's cookie. All others get
 * no header of CORS, so browsers refuse them. Comes first, so that refusals have the headers too.
 */
export function allowOrigins(allowedOrigins: readonly string[]): RequestHandler {
  const allowed = new Set(allowedOrigins);
  return (req, res, next) => {
    if (allowed.size === 0) {
      next();
      return;
    }
    // Caches must not hand one page's answer to another.
    res.vary("Origin");
    const origin = req.get("origin");
    if (origin === undefined || !allowed.has(origin)) {
      next();
      return;
    }
    res.set({
      "Access-Control-Allow-Origin": origin,
      "Access-Control-Allow-Credentials": "true",
      "Access-Control-Expose-Headers": ANSWER_HEADERS,
    });
    // A preflight: the browser asks before it sends the request.
    if (req.method !== "OPTIONS" || req.get("access-control-request-method") === undefined) {
      next();
      return;
    }
    res.set({
      "Access-Control-Allow-Methods": METHODS,
      "Access-Control-Allow-Headers": REQUEST_HEADERS,
      "Access-Control-Max-Age": `${MAX_AGE_SECONDS}`,
    });
    res.status(204).end();
  };
}
