import { randomUUID } from "node:crypto";

import type { Request, RequestHandler } from "express";
import type { Address } from "viem";
import { parseSiweMessage } from "viem/siwe";
import { z } from "zod";

import { isAct } from "@compute-credits/api/acts/isAct";
import type { Route } from "@compute-credits/api/route";
import { type WriteFence, fenceWrites } from "@compute-credits/platform/postgres/writeFence";
import type { AddressList } from "@compute-credits/platform/process/addressList";
import { clientAddress } from "@compute-credits/platform/process/clientAddress";
import { parseAddress } from "@compute-credits/protocol/address";
import { Bytes32Field } from "@compute-credits/protocol/json/fields";
import type { Act, ActDetails, ActStore, Actor } from "../stores/acts/actStore.ts";
import type { Identify, Principal } from "./principal.ts";

export interface ActRecording {
  readonly acts: Pick<ActStore, "add">;
  readonly identify: Identify;
  readonly isTrustedProxy: AddressList;
}

/** How the acts of a router's requests are recorded; each router of the API is below one. */
const RECORDINGS = new WeakMap<Request, ActRecording>();

/**
 * Lets `handled` record each request to a route that is an administrative act. Nothing is recorded
 * of a request that writes nothing, such as one that is refused.
 */
export function recordActs(recording: ActRecording): RequestHandler {
  return (req, _res, next) => {
    RECORDINGS.set(req, recording);
    next();
  };
}

/** Runs a route's handler. An act is recorded in the transaction of its change, or not at all. */
export async function handled<T>(
  req: Request,
  route: Pick<Route, "id" | "method" | "path" | "isWork">,
  work: () => T | Promise<T>,
): Promise<T> {
  const recording = RECORDINGS.get(req);
  if (recording === undefined || !isAct(route)) return await work();
  const { acts, identify, isTrustedProxy } = recording;
  // The handler says what is wrong with credentials that it needs. Others make no actor.
  const principal = await identify(req).catch((): Principal => ({ kind: "anyone" }));
  const request = randomUUID();
  const record: WriteFence = async (tx) => {
    const address = clientAddress(req, isTrustedProxy);
    await acts.add(tx, { request, clientAddress: address, ...describeAct(req, route, principal) });
  };
  return await fenceWrites(record, work);
}

/** What requests name of the parties. All else in them is ignored here. */
const Named = z.object({
  account: z.string().optional().catch(undefined),
  provider: z.string().optional().catch(undefined),
  operator: z.string().optional().catch(undefined),
  spender: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
});

function describeAct(
  req: Request,
  { id, path }: Pick<Route, "id" | "path">,
  principal: Principal,
): Omit<Act, "request" | "clientAddress"> {
  const body = objectIn(req.body);
  const named = Named.parse({ ...body, ...objectIn(body["allowance"]) });
  const wallet = named.message === undefined ? null : walletOf(named.message);
  const signer =
    addressIn(named.operator) ?? addressIn(named.account) ?? addressIn(named.provider) ?? wallet;
  const allowanceId: unknown = path.startsWith("/v1/allowances/{id}") ? req.params["id"] : null;
  const own = ownOf(principal);
  return {
    act: id,
    actor: actorOf(principal, signer ?? named.spender ?? null),
    account: addressIn(named.account) ?? wallet ?? (allowanceId === null ? own.account : null),
    provider: addressIn(named.provider) ?? own.provider,
    allowance: Bytes32Field.safeParse(allowanceId).data ?? null,
    details: detailsOf(req.params, body),
  };
}

function actorOf(principal: Principal, signer: string | null): Actor {
  switch (principal.kind) {
    case "anyone":
      return { kind: signer === null ? "unknown" : "signature", id: signer };
    case "session":
    case "wallet":
      return { kind: principal.kind, id: principal.address };
    case "spenderKey":
      return { kind: principal.kind, id: principal.spender };
    case "providerKey":
      return { kind: principal.kind, id: principal.provider };
    case "issuingKey":
      return { kind: principal.kind, id: principal.keyHash };
    case "viewKey":
      return { kind: "unknown", id: null };
    default:
      return principal satisfies never;
  }
}

/** The parties that credentials belong to, if the request names none. */
function ownOf(principal: Principal): Pick<Act, "account" | "provider"> {
  switch (principal.kind) {
    case "session":
    case "wallet":
      return { account: principal.address, provider: null };
    case "issuingKey":
      return { account: principal.account, provider: null };
    case "providerKey":
      return { account: null, provider: principal.provider };
    case "anyone":
    case "spenderKey":
    case "viewKey":
      return { account: null, provider: null };
    default:
      return principal satisfies never;
  }
}

/** Fields that are recorded: none can hold a secret. */
const DETAILS = new Set([
  "accountCap",
  "atLeastMicros",
  "approved",
  "by",
  "campaign",
  "codeHash",
  "counter",
  "effectiveFrom",
  "expiresAt",
  "id",
  "keyHash",
  "kind",
  "label",
  "limit",
  "listed",
  "maxGrants",
  "meterKey",
  "name",
  "overlapSeconds",
  "period",
  "priority",
  "referrer",
  "revokesGrants",
  "rollover",
  "scope",
  "spender",
  "startsAt",
]);

/** Lists of which the number is recorded. */
const COUNTED = ["codes", "grants", "rates"];

/** Characters of a recorded text. */
const MAX_TEXT = 200;

function detailsOf(params: object, body: Readonly<Record<string, unknown>>): ActDetails {
  const all = Object.entries({ ...body, ...objectIn(body["allowance"]), ...params });
  const details: Record<string, string | number | boolean> = {};
  for (const [name, value] of all) {
    if (COUNTED.includes(name) && Array.isArray(value)) details[name] = value.length;
    if (!DETAILS.has(name)) continue;
    if (typeof value === "string") details[name] = value.slice(0, MAX_TEXT);
    else if (typeof value === "number" || typeof value === "boolean") details[name] = value;
  }
  return details;
}

function objectIn(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function addressIn(text: string | undefined): Address | null {
  return text === undefined ? null : parseAddress(text);
}

/** The wallet that a sign-in message names. */
function walletOf(message: string): Address | null {
  return addressIn(parseSiweMessage(message).address);
}
