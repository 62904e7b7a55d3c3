import { createHash } from "node:crypto";

import type { Request, RequestHandler, Response } from "express";

import { takesIdempotencyKey } from "@compute-credits/api/idempotency";
import { routeOf } from "@compute-credits/api/routeOf";
import { withoutCounting } from "@compute-credits/platform/postgres/sentWrites";
import { fenceWrites, withoutFence } from "@compute-credits/platform/postgres/writeFence";
import type { AddressList } from "@compute-credits/platform/process/addressList";
import { clientAddress } from "@compute-credits/platform/process/clientAddress";
import { addressGroup } from "@compute-credits/platform/process/connectionBound";
import type {
  IdempotencyStore,
  Keeping,
  KeptAnswer,
} from "../stores/idempotency/idempotencyStore.ts";
import type { Identify, Principal } from "./principal.ts";
import { type ReadyAnswer, holdAnswer } from "./heldAnswer.ts";
import { readIdempotencyKey } from "./idempotencyKey.ts";
import { type ProblemError, fail } from "./problem.ts";
import { isUnstorable, secretOf } from "./secretAnswer.ts";

export interface IdempotencyDeps {
  readonly keys: Pick<IdempotencyStore, "claim" | "fenceOf" | "finish">;
  readonly identify: Identify;
  readonly isTrustedProxy: AddressList;
}

/** Longer answers are not kept: the request is handled again, which has no second effect. */
const MAX_KEPT_BYTES = 256 * 1_024;

/** What another try may be answered otherwise, and what says nothing about the request itself. */
const NEVER_KEPT = new Set([401, 408, 413, 415, 429]);

/** A request that works takes milliseconds. */
export const IN_FLIGHT_RETRY_SECONDS = 1;

/**
 * Answers requests with an `Idempotency-Key` once: the same caller, key, method, path and body get
 * the first answer again. The key's row is marked in the transaction of the request's effect, so a
 * crash leaves both or neither; without a kept answer the request is handled again, which every
 * route allows. Comes after the body is read. A request without the header costs no query.
 */
export function answerOnce({ keys, identify, isTrustedProxy }: IdempotencyDeps): RequestHandler {
  return async (req, res, next) => {
    const key = isKeyed(req) ? readIdempotencyKey(req) : null;
    if (key === null) {
      next();
      return;
    }
    // A key that was revoked, or a session that ended, gets no answer again either.
    const principal = await identify(req);
    const address = addressGroup(clientAddress(req, isTrustedProxy));
    const caller = callerOf(principal, { req, address });
    const isProvider = principal.kind === "providerKey" && principal.isApproved;
    // Anyone makes any number of other keys and wallets, but not of addresses.
    const holder = isProvider ? caller : sha256("address", address);
    const fingerprint = sha256(req.method, req.originalUrl, bodyText(req));
    const outcome = await keys.claim({ caller, key, fingerprint, holder });
    switch (outcome.result) {
      case "claimed": {
        const { claimed } = outcome;
        holdAnswer(res, (answer) =>
          // What is kept is no part of the request's effect.
          withoutFence(() => withoutCounting(() => keys.finish(claimed, keepingOf(res, answer)))),
        );
        fenceWrites(keys.fenceOf(claimed), next);
        return;
      }
      case "answered":
        repeat(res, outcome.answer);
        return;
      case "in_flight":
        res.set("Retry-After", `${IN_FLIGHT_RETRY_SECONDS}`);
        throw inFlight();
      case "reused":
        throw fail(
          422,
          "idempotency_key_reused",
          "This Idempotency-Key came with another method, path or body. Use a new key.",
        );
      case "secret":
        throw fail(
          409,
          "answer_not_kept",
          "This request was answered, with a secret that is not kept. " +
            "If the answer was lost, revoke what it made, and send a new Idempotency-Key.",
          { id: outcome.madeId },
        );
      case "full":
        throw fail(
          429,
          "too_many_idempotency_keys",
          `There are ${outcome.limit} keys of this caller or address. ` +
            "Wait until the oldest are deleted, or send this without an Idempotency-Key.",
          { limit: outcome.limit },
        );
      default:
        outcome satisfies never;
    }
  };
}

/** A path of no route has no ids of its own either. */
function isKeyed({ method, baseUrl, path }: Request): boolean {
  const route = routeOf(method, `${baseUrl}${path}`);
  return route === null ? !SAFE.has(method) : takesIdempotencyKey(route);
}

/** Methods that change nothing (RFC 9110). */
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

export function inFlight(): ProblemError {
  return fail(
    409,
    "idempotency_key_in_flight",
    "A request with this Idempotency-Key is being handled. Send the same request again.",
  );
}

/**
 * Whose key it is: the party that the credentials were checked to be. Without credentials a request
 * speaks by the signature in its body, so each such body is a caller of its own, from any address.
 */
function callerOf(
  principal: Principal,
  { req, address }: { readonly req: Request; readonly address: string },
): Buffer {
  const { kind } = principal;
  switch (kind) {
    case "anyone":
      return isSigned(req) ? sha256("signed", bodyText(req)) : sha256(kind, address);
    case "session":
    case "wallet":
      return sha256(kind, principal.address);
    case "spenderKey":
      return sha256(kind, principal.spender);
    case "providerKey":
      return sha256(kind, principal.provider);
    case "issuingKey":
    case "viewKey":
      return sha256(kind, principal.keyHash);
    default:
      return kind satisfies never;
  }
}

function isSigned({ body }: { readonly body: unknown }): boolean {
  return typeof body === "object" && body !== null && "signature" in body;
}

function bodyText(req: Request): string {
  const body: unknown = req.body;
  return body === undefined ? "" : JSON.stringify(body);
}

/** Hashes a list of texts; no two lists have the same hash. */
function sha256(...parts: readonly string[]): Buffer {
  return createHash("sha256").update(JSON.stringify(parts)).digest();
}

function keepingOf(res: Response, { status, contentType, body }: ReadyAnswer): Keeping {
  if (status >= 500 || NEVER_KEPT.has(status) || body === null) return null;
  const madeId = status < 300 ? secretOf(res) : null;
  if (madeId !== null) return { madeId };
  if (isUnstorable(res)) return null;
  return Buffer.byteLength(body) > MAX_KEPT_BYTES ? null : { status, contentType, body };
}

function repeat(res: Response, { status, contentType, body }: KeptAnswer): void {
  res.writeHead(status, {
    "content-type": contentType,
    "content-length": Buffer.byteLength(body),
    "idempotency-replayed": "true",
  });
  res.end(body);
}
