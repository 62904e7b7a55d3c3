import type { Request } from "express";
import type { Address, Hex } from "viem";

import { CALLERS, type Caller } from "@compute-credits/api/callers";
import type { Route } from "@compute-credits/api/route";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { ANY_CAMPAIGN } from "@compute-credits/protocol/messages/issuingKey";
import { type SpenderId, walletSpender } from "@compute-credits/protocol/messages/spender";
import { type Identify, type Principal, isSafe } from "./principal.ts";
import { type ProblemError, fail } from "./problem.ts";

/** What a request is about: the parties that it names. */
export interface Subject {
  /** its owner and its view keys */
  readonly account?: Address;
  /** the provider itself: its key or its wallet */
  readonly provider?: Address;
  /** the spender itself: its key or its wallet */
  readonly spender?: SpenderId;
  /** a campaign of `account`: its issuing keys */
  readonly campaign?: { readonly id: Hex; readonly counter: bigint };
}

/** Decides who may read what. A route's `callers` say which parties; the subject says whose. */
export interface Permit {
  /**
   * Rejects unless one of the route's callers sent the request: with a 401 without credentials, and
   * with a 403 otherwise. It asks for no data, so the answer is the same whether the subject exists.
   */
  check(route: Pick<Route, "callers">, req: Request, subject: Subject): Promise<void>;
  /**
   * The same, as an answer, for what must not even be known to exist: the caller answers 404. Still
   * rejects with a 401 without credentials.
   */
  isPermitted(route: Pick<Route, "callers">, req: Request, subject: Subject): Promise<boolean>;
}

export interface PermitDeps {
  readonly identify: Identify;
  readonly chain: Pick<ChainReader, "isSigner">;
  /** addresses that may read everything, besides the contract's signers */
  readonly auditors: readonly Address[];
}

export function createPermit({ identify, chain, auditors }: PermitDeps): Permit {
  async function isPermitted(
    { callers }: Pick<Route, "callers">,
    req: Request,
    subject: Subject,
  ): Promise<boolean> {
    const principal = await identify(req);
    if (principal.kind === "anyone") throw missingCredentials({ callers });
    if (!isSafe(req) && isReadOnly(principal)) return false;
    if (partsOf(principal, subject).some((part) => callers.includes(part))) return true;
    if (!callers.includes("auditor") || !isLogAccess(principal)) return false;
    // Last, because it may ask the chain.
    return auditors.includes(principal.address) || (await chain.isSigner(principal.address));
  }

  return {
    isPermitted,
    async check(route, req, subject) {
      if (!(await isPermitted(route, req, subject))) throw notPermitted(route);
    },
  };
}

export function notPermitted({ callers }: Pick<Route, "callers">): ProblemError {
  return fail(
    403,
    "not_permitted",
    `These credentials may not do this: only ${namesOf(callers)} may, with its own.`,
  );
}

export function missingCredentials({ callers }: Pick<Route, "callers">): ProblemError {
  return fail(
    401,
    "missing_credentials",
    `Only ${namesOf(callers)} may do this. Sign in (POST /v1/sessions), send a key in a header ` +
      "(Authorization: Bearer <key>), or sign LogAccess.",
  );
}

function namesOf(callers: Route["callers"]): string {
  const names = new Set(
    callers.filter((caller) => !OPEN.includes(caller)).map((caller) => CALLERS[caller].label),
  );
  return [...names].join(", or ");
}

/** Kinds of callers without credentials. */
const OPEN: readonly Caller[] = ["anyone", "anyoneWhileChallenged"];

/** What the principal is to the subject. Auditors are found apart. */
function partsOf(principal: Principal, subject: Subject): readonly Caller[] {
  switch (principal.kind) {
    case "anyone":
      return [];
    case "session":
      return partsOfWallet(principal, subject);
    case "wallet":
      if (principal.signed === "LogAccess") return partsOfWallet(principal, subject);
      return principal.address === subject.account ? ["owner"] : [];
    case "spenderKey":
      return principal.spender === subject.spender ? ["theSpender"] : [];
    case "providerKey":
      return principal.provider === subject.provider ? ["theProvider"] : [];
    case "issuingKey":
      return isIssuer(principal, subject) ? ["theIssuer"] : [];
    case "viewKey":
      return principal.account === subject.account ? ["viewKey"] : [];
    default:
      return principal satisfies never;
  }
}

function partsOfWallet(
  { address, isOperator }: { readonly address: Address; readonly isOperator: boolean },
  { account, provider, spender }: Subject,
): readonly Caller[] {
  return [
    ...(address === account ? (["owner"] as const) : []),
    ...(address === provider ? (["theProvider"] as const) : []),
    ...(walletSpender(address) === spender ? (["theSpender"] as const) : []),
    ...(isOperator ? (["operator"] as const) : []),
  ];
}

/** As `mayIssue`, of a key that is not revoked. */
function isIssuer(
  key: Extract<Principal, { kind: "issuingKey" }>,
  { account, campaign }: Subject,
): boolean {
  return (
    campaign !== undefined &&
    key.account === account &&
    key.counter === campaign.counter &&
    (key.campaign === ANY_CAMPAIGN || key.campaign === campaign.id)
  );
}

/** Whether the credentials are for reading only: whoever gets hold of them can change nothing. */
function isReadOnly(principal: Principal): boolean {
  return principal.kind === "viewKey" || isLogAccess(principal);
}

function isLogAccess(principal: Principal): principal is Extract<Principal, { kind: "wallet" }> {
  return principal.kind === "wallet" && principal.signed === "LogAccess";
}
