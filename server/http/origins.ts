import type { Request } from "express";

import { fail } from "./problem.ts";

/** The origins that this server is reached at, and those of pages that the operator allows. */
export interface Origins {
  /** Whether a page of this origin may act here for a wallet that signed in. */
  isAllowed(origin: string): boolean;
  /** whether cookies travel over TLS only */
  readonly isSecure: boolean;
  /** whether cookies travel to a page of this server inside another site's */
  readonly isFramed: boolean;
  /** where the server is reached: its first public URL, else where it listens */
  url(): string;
  /** Tells where the server listens, which counts if no public URL was set. */
  listensAt(url: string): void;
}

export interface OriginOptions {
  /** origins of the server's public URLs; none: it is reached on this machine only */
  readonly publicOrigins: readonly string[];
  /** origins of other pages that may call it with a cookie */
  readonly allowedOrigins: readonly string[];
  /** origins of pages that may frame the dashboard */
  readonly frames: readonly string[];
}

/** The names of this machine, for a server without a public URL. */
const LOOPBACK = ["127.0.0.1", "localhost", "[::1]"];

export function createOrigins({ publicOrigins, allowedOrigins, frames }: OriginOptions): Origins {
  const allowed = new Set([...publicOrigins, ...allowedOrigins]);
  let [reachedAt = ""] = publicOrigins;
  return {
    isAllowed: (origin) => allowed.has(origin),
    isSecure: publicOrigins.some((origin) => origin.startsWith("https:")),
    isFramed: frames.length > 0,
    url: () => reachedAt,
    listensAt(url) {
      if (publicOrigins.length > 0) return;
      reachedAt = new URL(url).origin;
      for (const hostname of LOOPBACK) {
        const local = new URL(url);
        local.hostname = hostname;
        allowed.add(local.origin);
      }
    },
  };
}

/**
 * Throws a 403 if a page that is not of this server or of `ALLOWED_ORIGINS` sent the request.
 * Browsers name the page's origin in every request that changes something; programs name none.
 */
export function checkOrigin(req: Request, origins: Pick<Origins, "isAllowed">): void {
  const origin = req.get("origin");
  if (origin === undefined || origins.isAllowed(origin)) return;
  throw foreignOrigin(origin);
}

/** The same for a request with a cookie, which only browsers have: it must name its origin. */
export function checkCookiesOrigin(req: Request, origins: Pick<Origins, "isAllowed">): void {
  const origin = req.get("origin");
  if (origin !== undefined && origins.isAllowed(origin)) return;
  throw foreignOrigin(origin ?? "none");
}

/**
 * The same for a stream, which reads: a page of this server names no origin then, so a browser's
 * `Sec-Fetch-Site` tells. A request without a cookie carries nothing that a page could misuse.
 */
export function checkStreamsOrigin(req: Request, origins: Pick<Origins, "isAllowed">): void {
  if (req.get("cookie") === undefined) return;
  checkOrigin(req, origins);
  const isForeign = req.get("sec-fetch-site") === "cross-site";
  if (isForeign && req.get("origin") === undefined) throw foreignOrigin("none");
}

function foreignOrigin(origin: string) {
  return fail(
    403,
    "foreign_origin",
    `The request's Origin is ${origin.slice(0, 200)}: only pages of this server (PUBLIC_URLS) ` +
      "and of ALLOWED_ORIGINS may act for a wallet that signed in.",
  );
}
