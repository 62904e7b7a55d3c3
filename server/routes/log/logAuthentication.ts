import type { Request } from "express";
import type { Address } from "viem";

import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { Identify } from "../../http/principal.ts";
import { fail } from "../../http/problem.ts";
import { LOG_ACCESS, missingSignedHeader } from "../../http/signedHeader.ts";

export interface LogAccessDeps {
  readonly identify: Identify;
  readonly chain: Pick<ChainReader, "deployment" | "isSigner">;
  /** addresses that may read the log, besides the contract's signers */
  readonly auditors: readonly Address[];
}

/**
 * Throws unless the request may read the log, as signers of the contract and the operator's
 * auditors may. They sign `LogAccess` and send
 * `Authorization: LogAccess <address> <issuedAt> <signature>`.
 */
export async function checkLogAccess(
  req: Request,
  { identify, chain, auditors }: LogAccessDeps,
): Promise<void> {
  const principal = await identify(req);
  if (principal.kind !== "wallet" || principal.signed !== "LogAccess") {
    throw missingSignedHeader(LOG_ACCESS);
  }
  const { address } = principal;
  if (auditors.includes(address) || (await chain.isSigner(address))) return;
  throw fail(
    403,
    "not_an_auditor",
    `${address} is neither a signer of the contract ${chain.deployment.contract} ` +
      "nor in AUDITORS. " +
      "Ask the operator to add it.",
  );
}
