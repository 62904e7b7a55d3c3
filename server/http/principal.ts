import type { Request } from "express";
import { type Address, type Hex, hashTypedData } from "viem";

import { campaignAccessTypedData } from "@compute-credits/protocol/messages/campaignAccess";
import { keyKindOf } from "@compute-credits/protocol/messages/keyKind";
import { logAccessTypedData } from "@compute-credits/protocol/messages/logAccess";
import { isAccepted } from "@compute-credits/protocol/messages/signatureCheck";
import { type SpenderId, apiKeySpender } from "@compute-credits/protocol/messages/spender";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { IssuingKeyStore } from "../stores/issuing/issuingKeyStore.ts";
import type { LastUses } from "../stores/keys/lastUses.ts";
import type { ViewKeyStore } from "../stores/keys/viewKeyStore.ts";
import type { ProviderStore } from "../stores/providers/providerStore.ts";
import type { SessionStore } from "../stores/sessions/sessionStore.ts";
import { sentKey, unknownKey } from "./authentication.ts";
import { cachedKeyHash } from "./keyHash.ts";
import { type Origins, checkCookiesOrigin } from "./origins.ts";
import { type ProblemError, fail } from "./problem.ts";
import { cookieToken } from "./sessionCookie.ts";
import { CAMPAIGN_ACCESS, LOG_ACCESS, readSignedHeader } from "./signedHeader.ts";

/** Who sent a request. Addresses are in lower case. */
export type Principal =
  /** without credentials */
  | { readonly kind: "anyone" }
  /** a wallet that signed in */
  | {
      readonly kind: "session";
      readonly address: Address;
      readonly isOperator: boolean;
      readonly sessionId: Hex;
      readonly expiresAt: Date;
    }
  /** a wallet that signed the request's header, for reads of `LogAccess` or to issue grants */
  | {
      readonly kind: "wallet";
      readonly address: Address;
      readonly isOperator: boolean;
      readonly signed: "LogAccess" | "CampaignAccess";
      readonly expiresAt: Date;
    }
  /** the holder of an API key, of which nothing else need be known here */
  | { readonly kind: "spenderKey"; readonly spender: SpenderId }
  | {
      readonly kind: "providerKey";
      readonly provider: Address;
      /** by an operator, or by the server's policy */
      readonly isApproved: boolean;
      readonly keyHash: Hex;
    }
  /** issues from the campaigns of an account; `counter` is compared when it does */
  | {
      readonly kind: "issuingKey";
      readonly account: Address;
      /** `ANY_CAMPAIGN` for all of the account */
      readonly campaign: Hex;
      readonly counter: bigint;
      readonly keyHash: Hex;
    }
  /** reads what the owner of the account may read, and changes nothing */
  | {
      readonly kind: "viewKey";
      readonly account: Address;
      readonly keyHash: Hex;
      readonly expiresAt: Date;
    };

/**
 * Tells who sent a request: by `Authorization` if it has one, else by the session's cookie. Rejects
 * with a 401 for credentials that are malformed, unknown, expired or revoked, and with a 403 if a
 * foreign page sends the cookie with a request that changes something. A request is looked up once,
 * however often it is asked about: one query by primary key. Each request is looked up anew, so a
 * revocation counts at once on every server.
 *
 * Usage, holds and captures do not call this: they authenticate without a query (`asCaller`).
 */
export type Identify = (req: Request) => Promise<Principal>;

export interface IdentifyDeps {
  readonly sessions: Pick<SessionStore, "find">;
  readonly providers: Pick<ProviderStore, "callerOfKey">;
  readonly issuingKeys: Pick<IssuingKeyStore, "find">;
  readonly viewKeys: Pick<ViewKeyStore, "find">;
  readonly chain: Pick<ChainReader, "deployment" | "signingOf">;
  readonly origins: Pick<Origins, "isAllowed" | "isSecure">;
  /** addresses with the role of operator */
  readonly operators: readonly Address[];
  readonly keyUses: Pick<LastUses, "note">;
  readonly sessionUses: Pick<LastUses, "note">;
}

const ANYONE: Principal = { kind: "anyone" };

export function createIdentify(deps: IdentifyDeps): Identify {
  const known = new WeakMap<Request, Promise<Principal>>();
  return (req) => {
    const before = known.get(req);
    if (before !== undefined) return before;
    const principal = readPrincipal(req, deps);
    known.set(req, principal);
    return principal;
  };
}

async function readPrincipal(req: Request, deps: IdentifyDeps): Promise<Principal> {
  if (req.get("authorization") === undefined) {
    const token = cookieToken(req, deps.origins.isSecure);
    if (token === null) return ANYONE;
    if (!isSafe(req)) checkCookiesOrigin(req, deps.origins);
    return await ofSession(token, deps);
  }
  const key = sentKey(req);
  return key === null ? await ofWallet(req, deps) : await ofKey(key, deps);
}

/** Whether a request changes nothing (RFC 9110). */
export function isSafe({ method }: Request): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

async function ofKey(key: string, deps: IdentifyDeps): Promise<Principal> {
  const kind = keyKindOf(key);
  switch (kind) {
    case "session":
      return await ofSession(key, deps);
    case "issuing":
      return await ofIssuingKey(apiKeySpender(key), deps);
    case "view":
      return await ofViewKey(apiKeySpender(key), deps);
    case "provider":
    case "spender":
    case null: {
      const keyHash = cachedKeyHash(key);
      // Older keys of providers look like API keys.
      const caller = await deps.providers.callerOfKey(keyHash);
      if (caller === null) {
        if (kind === "provider") throw unknownKey();
        return { kind: "spenderKey", spender: keyHash };
      }
      deps.keyUses.note(keyHash);
      const { provider, isApproved } = caller;
      return { kind: "providerKey", provider, isApproved, keyHash };
    }
    default:
      return kind satisfies never;
  }
}

async function ofSession(token: string, deps: IdentifyDeps): Promise<Principal> {
  const session = await deps.sessions.find(token);
  if (session === null) {
    throw fail(
      401,
      "unknown_session",
      "The session has expired, was revoked, or never was. Sign in again: POST /v1/sessions.",
    );
  }
  deps.sessionUses.note(session.id);
  const { address, id: sessionId, expiresAt } = session;
  const isOperator = deps.operators.includes(address);
  return { kind: "session", address, isOperator, sessionId, expiresAt };
}

async function ofIssuingKey(
  keyHash: Hex,
  { issuingKeys, keyUses }: IdentifyDeps,
): Promise<Principal> {
  const key = await issuingKeys.find(keyHash);
  if (key === null) {
    throw fail(
      401,
      "unknown_key",
      "No account's owner has registered this issuing key. " +
        "Post its hash, signed by the owner's wallet, to /v1/issuing-keys.",
    );
  }
  if (key.isRevoked) throw revoked("issuing key");
  keyUses.note(keyHash);
  const { account, campaign, counter } = key;
  return { kind: "issuingKey", account, campaign, counter, keyHash };
}

async function ofViewKey(keyHash: Hex, { viewKeys, keyUses }: IdentifyDeps): Promise<Principal> {
  const key = await viewKeys.find(keyHash);
  if (key === null) {
    throw fail(
      401,
      "unknown_key",
      "No account's owner has registered this view key. Ask the owner: POST /v1/view-keys.",
    );
  }
  if (key.isRevoked) throw revoked("view key");
  const { account, expiresAt } = key;
  if (expiresAt.getTime() <= Date.now()) {
    throw fail(
      401,
      "credentials_expired",
      `This view key expired at ${expiresAt.toISOString()}. Ask the account's owner for another.`,
    );
  }
  keyUses.note(keyHash);
  return { kind: "viewKey", account, keyHash, expiresAt };
}

function revoked(what: string): ProblemError {
  return fail(401, "key_revoked", `This ${what} was revoked, for good. Ask its owner for another.`);
}

async function ofWallet(req: Request, { chain, operators }: IdentifyDeps): Promise<Principal> {
  const { deployment } = chain;
  const log = readSignedHeader(req, LOG_ACCESS);
  const header = log ?? readSignedHeader(req, CAMPAIGN_ACCESS);
  if (header === null) {
    throw fail(
      401,
      "missing_credentials",
      "The Authorization header has no usable credentials: send Bearer <key or session token>, " +
        "or LogAccess <address> <issuedAt> <signature>.",
    );
  }
  const { address, issuedAt, signature } = header;
  const typedData =
    log === null
      ? hashTypedData(campaignAccessTypedData(deployment, { account: address, issuedAt }))
      : hashTypedData(logAccessTypedData(deployment, { reader: address, issuedAt }));
  const { scheme, seconds } = log === null ? CAMPAIGN_ACCESS : LOG_ACCESS;
  const signing = await chain.signingOf(address, typedData, signature);
  // A delegate's word is taken for reads only: no auditor can check it later (checkSignature.ts).
  if (!isAccepted(signing) || (log === null && signing === "delegate")) {
    throw fail(
      401,
      "invalid_signature",
      `The signature is not that of ${address} over ${scheme}. ` +
        "Check the message and the EIP-712 domain.",
    );
  }
  return {
    kind: "wallet",
    address,
    isOperator: operators.includes(address),
    signed: scheme,
    expiresAt: new Date(Number(issuedAt + seconds) * 1_000),
  };
}
