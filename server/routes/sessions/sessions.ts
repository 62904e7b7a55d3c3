import { type Request, Router } from "express";
import { hashMessage } from "viem";

import { LABEL_CHARACTERS } from "@compute-credits/api/bounds";
import type { RequestOf } from "@compute-credits/api/route";
import {
  createNonce,
  listSessions,
  revokeSession,
  revokeSessions,
  signIn,
} from "@compute-credits/api/sessions/sessions";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { checkSignIn } from "@compute-credits/rules/sessions/signIn";
import { type Nonces, createNonces } from "../../http/nonces.ts";
import { type Origins, checkOrigin } from "../../http/origins.ts";
import { mount } from "../../http/mount.ts";
import type { Identify } from "../../http/principal.ts";
import { fail } from "../../http/problem.ts";
import { answerHoldsSecret } from "../../http/secretAnswer.ts";
import { requireSession } from "../../http/requireSession.ts";
import { clearSessionCookie, setSessionCookie } from "../../http/sessionCookie.ts";
import type { OpenedSession, SessionStore } from "../../stores/sessions/sessionStore.ts";
import { signInProblem, wrongNonce } from "./signInProblem.ts";

export interface SessionDeps {
  readonly sessions: SessionStore;
  readonly identify: Identify;
  readonly origins: Origins;
  readonly chain: Pick<ChainReader, "deployment" | "isSignedByAnyWallet">;
  readonly sessionSeconds: number;
}

/** Databases' and servers' clocks may differ by so much, and no nonce is used twice. */
const CLOCKS_DIFFER_MS = 3_600_000;

/**
 * `POST /v1/sessions/nonce`: 200; a nonce for a sign-in message (EIP-4361), good for 10 minutes.
 * `POST /v1/sessions`: 201; a wallet signs in with a message and its signature. The answer has the
 * only copy of the session's token, or sets a cookie.
 * `GET /v1/sessions`: the caller's sessions, without their tokens.
 * `POST /v1/sessions/:id/revocation`: 200; ends one of them, at once; `current` is the caller's.
 * `POST /v1/sessions/revocation`: 200; ends all of them.
 */
export function sessionRoutes(deps: SessionDeps): Router {
  const { sessions, identify, origins } = deps;
  const router = Router();
  let nonces: Nonces | null = null;

  async function openNonces(): Promise<Nonces> {
    nonces ??= createNonces(await sessions.nonceSecret());
    return nonces;
  }

  mount(router, createNonce, async ({ req, res, answer }) => {
    checkOrigin(req, origins);
    const { chainId } = deps.chain.deployment;
    res.set("Cache-Control", "no-store");
    return answer(200, { ...(await openNonces()).issue(), chainId });
  });

  mount(router, signIn, async ({ req, res, read, answer }) => {
    checkOrigin(req, origins);
    const { body } = read();
    const opened = await openSession(req, body, { ...deps, nonces: await openNonces() });
    const { session, token } = opened;
    const { isSecure, isFramed } = origins;
    answerHoldsSecret(res, session.id);
    res.set("Cache-Control", "no-store");
    if (body.as === "bearer") return answer(201, { ...session, token });
    setSessionCookie(res, { token, expiresAt: session.expiresAt, isSecure, isFramed });
    return answer(201, session);
  });

  mount(router, listSessions, async ({ req, res, answer }) => {
    const { address, sessionId } = await requireSession(req, identify);
    const listed = await sessions.ofAddress(address);
    res.set("Cache-Control", "no-store");
    return answer(200, {
      sessions: listed.map((session) => ({ ...session, isCurrent: session.id === sessionId })),
    });
  });

  mount(router, revokeSessions, async ({ req, res, answer }) => {
    const { address } = await requireSession(req, identify);
    const revoked = await sessions.revokeAll(address);
    clearSessionCookie(res, origins);
    return answer(200, { address, revoked });
  });

  mount(router, revokeSession, async ({ req, res, read, answer }) => {
    const { address, sessionId } = await requireSession(req, identify);
    const asked = read().params.id;
    const id = asked === "current" ? sessionId : asked;
    if (!(await sessions.revoke({ address, id }))) {
      throw fail(404, "session_not_found", "Your address has no session with this id. Check it.");
    }
    if (id === sessionId) clearSessionCookie(res, origins);
    return answer(200, { address, id });
  });

  return router;
}

/** Checks the message, its nonce and its signature, and opens a session. Throws what is wrong. */
async function openSession(
  req: Request,
  { message, signature, label }: RequestOf<typeof signIn>["body"],
  {
    sessions,
    origins,
    chain,
    sessionSeconds,
    nonces,
  }: Omit<SessionDeps, "identify"> & { readonly nonces: Nonces },
): Promise<OpenedSession> {
  const now = new Date();
  const checked = checkSignIn(message, {
    chainId: chain.deployment.chainId,
    now,
    isAllowed: (origin) => origins.isAllowed(origin),
    sentBy: req.get("origin") ?? null,
  });
  if ("refusal" in checked) throw signInProblem(checked.refusal);
  const { address, nonce: sent, expiresAt: end } = checked.signIn;
  const nonce = nonces.read(sent);
  if (nonce === null) throw wrongNonce();
  if (!(await chain.isSignedByAnyWallet(address, hashMessage(message), signature))) {
    throw fail(
      401,
      "invalid_signature",
      `The signature is not that of ${address} over this message, as the chain sees it now.`,
    );
  }
  const longest = new Date(now.getTime() + sessionSeconds * 1_000);
  const opened = await sessions.open({
    address,
    label: label ?? defaultLabel(req),
    expiresAt: end !== null && end < longest ? end : longest,
    nonce: nonce.id,
    nonceExpiresAt: new Date(nonce.expiresAt.getTime() + CLOCKS_DIFFER_MS),
  });
  if (opened === null) {
    throw fail(
      409,
      "nonce_used",
      "This nonce has signed somebody in already. Get another: POST /v1/sessions/nonce.",
    );
  }
  return opened;
}

/** What the caller's program calls itself, in printable ASCII. */
function defaultLabel(req: Request): string {
  const name = req.get("user-agent") ?? "";
  return name.replaceAll(/[^\x20-\x7e]/g, "").slice(0, LABEL_CHARACTERS.session);
}
