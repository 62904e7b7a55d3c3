import type { Request } from "express";

import type { Identify, Principal } from "./principal.ts";
import { fail } from "./problem.ts";

export type SessionPrincipal = Extract<Principal, { kind: "session" }>;

/** The session that sent a request. Throws a 401 without credentials, a 403 with others. */
export async function requireSession(req: Request, identify: Identify): Promise<SessionPrincipal> {
  const principal = await identify(req);
  if (principal.kind === "session") return principal;
  throw principal.kind === "anyone"
    ? fail(401, "missing_credentials", "Sign in with your wallet first: POST /v1/sessions.")
    : fail(
        403,
        "session_needed",
        "Only a wallet that signed in may do this: POST /v1/sessions. Keys cannot.",
      );
}
