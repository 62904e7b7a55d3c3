import type { Request } from "express";
import { type Address, hashTypedData } from "viem";

import {
  LOG_ACCESS_SECONDS,
  logAccessTypedData,
} from "@compute-credits/protocol/messages/logAccess";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { fail } from "../../http/problem.ts";
import {
  type HeaderScheme,
  missingSignedHeader,
  readSignedHeader,
} from "../../http/signedHeader.ts";

const SCHEME: HeaderScheme = {
  scheme: "LogAccess",
  fields: "reader, issuedAt",
  seconds: LOG_ACCESS_SECONDS,
};

export interface LogAccessDeps {
  readonly chain: Pick<ChainReader, "deployment" | "isSigner" | "isSignedBy">;
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
  { chain, auditors }: LogAccessDeps,
): Promise<void> {
  const header = readSignedHeader(req, SCHEME);
  if (header === null) throw missingSignedHeader(SCHEME);
  const { address: reader, issuedAt, signature } = header;
  if (!auditors.includes(reader) && !(await chain.isSigner(reader))) {
    throw fail(
      403,
      "not_an_auditor",
      `${reader} is neither a signer of the contract ${chain.deployment.contract} ` +
        "nor in AUDITORS. " +
        "Ask the operator to add it.",
    );
  }
  const digest = hashTypedData(logAccessTypedData(chain.deployment, { reader, issuedAt }));
  if (!(await chain.isSignedBy(reader, digest, signature))) {
    throw fail(
      401,
      "invalid_signature",
      `The signature is not that of ${reader} over LogAccess. ` +
        "Check the message and the EIP-712 domain.",
    );
  }
}
