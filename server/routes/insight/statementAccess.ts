import type { Request } from "express";
import type { Address } from "viem";

import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { Identify, Principal } from "../../http/principal.ts";
import { fail } from "../../http/problem.ts";
import type { LogOwner } from "../../stores/insight/insightStore.ts";

export interface StatementAccessDeps {
  readonly identify: Identify;
  readonly chain: Pick<ChainReader, "isSigner">;
  /** addresses that may read everything, besides the contract's signers */
  readonly auditors: readonly Address[];
}

/** Throws unless the party itself, a view key of it, an operator or an auditor sent the request. */
export async function checkStatementReader(
  { identify, chain, auditors }: StatementAccessDeps,
  req: Request,
  party: LogOwner,
): Promise<void> {
  const principal = await identify(req);
  if (isPartys(principal, party)) return;
  if (principal.kind === "anyone") {
    throw fail(
      401,
      "missing_credentials",
      "Sign in with the party's wallet (POST /v1/sessions), or send its key.",
    );
  }
  if (principal.kind === "wallet" && principal.signed === "LogAccess") {
    const { address } = principal;
    if (auditors.includes(address) || (await chain.isSigner(address))) return;
  }
  throw fail(
    403,
    "not_the_owner",
    `These credentials may not read statements of ${party.address}. Its own wallet, its keys, operators ` +
      "and auditors may.",
  );
}

function isPartys(principal: Principal, { role, address }: LogOwner): boolean {
  switch (principal.kind) {
    case "session":
      return principal.isOperator || principal.address === address;
    case "wallet":
      if (principal.signed !== "LogAccess") return false;
      return principal.isOperator || principal.address === address;
    case "viewKey":
      return role === "account" && principal.account === address;
    case "providerKey":
      return role === "provider" && principal.provider === address;
    case "anyone":
    case "spenderKey":
    case "issuingKey":
      return false;
    default:
      return principal satisfies never;
  }
}
