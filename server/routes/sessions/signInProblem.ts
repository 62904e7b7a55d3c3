import type { SignInRefusal } from "@compute-credits/rules/sessions/signIn";
import { type ProblemError, fail } from "../../http/problem.ts";

const WRONG: Readonly<Record<Extract<SignInRefusal, { field: unknown }>["field"], string>> = {
  domain:
    "The domain is not that of this server (PUBLIC_URLS) or of ALLOWED_ORIGINS, " +
    "or not that of the page that sent the request.",
  uri: "The URI is not of this server (PUBLIC_URLS) or of ALLOWED_ORIGINS.",
  chainId: "The chain id is another than that of the contract: see GET /v1/deployment.",
  issuedAt: "The message was issued more than 10 minutes ago, or in the future.",
  expirationTime: "The message's expiration time has passed.",
  notBefore: "The message's Not Before is still to come.",
};

export function signInProblem(refusal: SignInRefusal): ProblemError {
  return refusal.reason === "malformed"
    ? fail(400, "invalid_request", "message is not a sign-in message (EIP-4361).", {
        errors: [{ pointer: "#/message", detail: "must be a message of EIP-4361, version 1" }],
      })
    : fail(403, "sign_in_refused", `${WRONG[refusal.field]} Make a message anew.`, {
        field: refusal.field,
      });
}

export function wrongNonce(): ProblemError {
  return fail(
    403,
    "sign_in_refused",
    "The nonce is not of this server, or is older than 10 minutes: POST /v1/sessions/nonce.",
    { field: "nonce" },
  );
}
