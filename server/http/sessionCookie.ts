import type { Request, Response } from "express";

/**
 * The cookie's name. Browsers take a name with `__Host-` only with `Secure`, for this host alone and
 * all of its paths: no other host of the domain can set it.
 */
const nameOf = (isSecure: boolean) => (isSecure ? "__Host-ccs" : "ccs");

/** The session token in the request's cookie; `null` without one. */
export function cookieToken(req: Request, isSecure: boolean): string | null {
  const name = nameOf(isSecure);
  for (const part of (req.get("cookie") ?? "").split(";")) {
    const [key, value = ""] = part.split("=", 2);
    if (key?.trim() === name) return /^[\w-]{1,256}$/.exec(value.trim())?.[0] ?? null;
  }
  return null;
}

/** Where the cookie travels. */
export interface CookieReach {
  /** over TLS only */
  readonly isSecure: boolean;
  /** also to a page of this server inside another site's, such as Safe's */
  readonly isFramed: boolean;
}

/** Sets the cookie until the session expires. No script reads it, and no other site sends it. */
export function setSessionCookie(
  res: Response,
  { token, expiresAt, ...reach }: { token: string; expiresAt: Date } & CookieReach,
): void {
  res.cookie(nameOf(reach.isSecure), token, { ...attributes(reach), expires: expiresAt });
}

export function clearSessionCookie(res: Response, reach: CookieReach): void {
  res.clearCookie(nameOf(reach.isSecure), attributes(reach));
}

/**
 * A frame in another site's page gets no strict cookie. A partitioned one stays with the site around
 * the frame, so a third site's pages still send none, and `checkOrigin` refuses what they would send.
 */
function attributes({ isSecure, isFramed }: CookieReach) {
  const shared = { httpOnly: true, secure: isSecure, path: "/" } as const;
  return isSecure && isFramed
    ? ({ ...shared, sameSite: "none", partitioned: true } as const)
    : ({ ...shared, sameSite: "strict" } as const);
}
