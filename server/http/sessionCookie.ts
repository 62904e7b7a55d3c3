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

/** Sets the cookie until the session expires. No script reads it, and no other site sends it. */
export function setSessionCookie(
  res: Response,
  { token, expiresAt, isSecure }: { token: string; expiresAt: Date; isSecure: boolean },
): void {
  res.cookie(nameOf(isSecure), token, { ...attributes(isSecure), expires: expiresAt });
}

export function clearSessionCookie(res: Response, isSecure: boolean): void {
  res.clearCookie(nameOf(isSecure), attributes(isSecure));
}

function attributes(isSecure: boolean) {
  return { httpOnly: true, sameSite: "strict", secure: isSecure, path: "/" } as const;
}
