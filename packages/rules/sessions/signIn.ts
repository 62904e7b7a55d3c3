import type { Address } from "viem";
import { parseSiweMessage } from "viem/siwe";

import { parseAddress } from "@compute-credits/protocol/address";
import { lowercaseHex } from "@compute-credits/protocol/hex";

/** What a server knows when a wallet signs in. */
export interface SignInTerms {
  readonly chainId: number;
  readonly now: Date;
  /** Whether a page of this origin may act here for a wallet that signed in. */
  readonly isAllowed: (origin: string) => boolean;
  /** the page that sent the request, as its browser says; `null` for a program */
  readonly sentBy: string | null;
}

/** A message that a wallet may sign in with, if it signed it and its nonce is good. */
export interface SignIn {
  readonly address: Address;
  readonly nonce: string;
  /** the end that the message sets; `null` without one */
  readonly expiresAt: Date | null;
}

export type SignInRefusal =
  /** not a message of EIP-4361 */
  | { readonly reason: "malformed" }
  /** the message's field does not fit this server or this time */
  | {
      readonly reason: "wrong_field";
      readonly field: "domain" | "uri" | "chainId" | "issuedAt" | "expirationTime" | "notBefore";
    };

/** How old a message may be. Longer than a hardware wallet takes; nonces live as long. */
export const SIGN_IN_SECONDS = 600;

/** How far the clock of the wallet's machine may be ahead. */
const MAX_AHEAD_MS = 60_000;

/**
 * EIP-4361 from its first to its last character. viem's parser looks for the fields anywhere in the
 * text, so other text could surround what it finds.
 */
const FORM =
  /^(?:[a-z][a-z0-9+.-]*:\/\/)?[^\s/?#@]+ wants you to sign in with your Ethereum account:\n0x[0-9a-fA-F]{40}\n\n(?:[^\n]+\n)?\nURI: \S+\nVersion: 1\nChain ID: \d{1,15}\nNonce: [a-zA-Z0-9]{8,200}\nIssued At: \S+(?:\nExpiration Time: \S+)?(?:\nNot Before: \S+)?(?:\nRequest ID: [^\n]*)?(?:\nResources:(?:\n- \S+)*)?$/;

/**
 * Decides whether a sign-in message (EIP-4361) is meant for this server, this chain and this time.
 * The caller bounds the text's length, and checks the nonce and the signature.
 */
export function checkSignIn(
  text: string,
  { chainId, now, isAllowed, sentBy }: SignInTerms,
): { readonly signIn: SignIn } | { readonly refusal: SignInRefusal } {
  const message = FORM.test(text) && parseSiweMessage(text);
  if (message === false) return { refusal: { reason: "malformed" } };
  const { scheme, domain, uri, nonce, issuedAt, expirationTime, notBefore } = message;
  const address = parseAddress(message.address ?? "");
  if (address === null || domain === undefined || uri === undefined) {
    return { refusal: { reason: "malformed" } };
  }
  if (nonce === undefined || issuedAt === undefined) return { refusal: { reason: "malformed" } };

  const wrong = (field: Extract<SignInRefusal, { field: unknown }>["field"]) =>
    ({ refusal: { reason: "wrong_field", field } }) as const;
  const origins = (scheme === undefined ? ["https", "http"] : [scheme])
    .map((each) => originOf(`${each}://${domain}`))
    .filter((origin) => origin !== null && isAllowed(origin));
  if (origins.length === 0) return wrong("domain");
  // The wallet showed its user the domain, so it must be the page that asked.
  if (sentBy !== null && !origins.includes(sentBy)) return wrong("domain");
  const target = originOf(uri);
  if (target === null || !isAllowed(target) || hasUserPart(uri)) return wrong("uri");
  if (message.chainId !== chainId) return wrong("chainId");

  // An unreadable time is `NaN`, which fails each comparison.
  const time = now.getTime();
  const issued = issuedAt.getTime();
  if (!(issued <= time + MAX_AHEAD_MS && issued > time - SIGN_IN_SECONDS * 1_000)) {
    return wrong("issuedAt");
  }
  if (expirationTime !== undefined && !(expirationTime.getTime() > time)) {
    return wrong("expirationTime");
  }
  if (notBefore !== undefined && !(notBefore.getTime() <= time)) return wrong("notBefore");
  return {
    signIn: { address: lowercaseHex(address), nonce, expiresAt: expirationTime ?? null },
  };
}

/** The origin of a URL as browsers write it; `null` if it has none. */
/** A name before the host looks like another host to a wallet's user. */
function hasUserPart(uri: string): boolean {
  const { username = "", password = "" } = URL.parse(uri) ?? {};
  return username !== "" || password !== "";
}

function originOf(text: string): string | null {
  const origin = URL.parse(text)?.origin;
  return origin === undefined || origin === "null" ? null : origin;
}
