import type { Request } from "express";
import { type Address, hashTypedData } from "viem";
import { z } from "zod";

import { AddressField, SignatureField } from "@compute-credits/protocol/json/fields";
import {
  LOG_ACCESS_SECONDS,
  logAccessTypedData,
} from "@compute-credits/protocol/messages/logAccess";
import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import { fail } from "../../http/problem.ts";

const Credentials = z.tuple([
  AddressField,
  z
    .string()
    .regex(/^\d{1,12}$/)
    .transform(BigInt),
  SignatureField,
]);

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
  const [scheme, ...rest] = (req.get("authorization") ?? "").split(" ");
  const parsed = Credentials.safeParse(rest);
  if (scheme !== "LogAccess" || !parsed.success) {
    throw fail(
      401,
      "missing_credentials",
      "Sign LogAccess(reader, issuedAt) as EIP-712 typed data, and send it in a header: " +
        "Authorization: LogAccess <address> <issuedAt> <signature>.",
    );
  }
  const [reader, issuedAt, signature] = parsed.data;
  const now = BigInt(Math.floor(Date.now() / 1000));
  const distance = now > issuedAt ? now - issuedAt : issuedAt - now;
  if (distance > LOG_ACCESS_SECONDS) {
    throw fail(
      401,
      "credentials_expired",
      `LogAccess is valid within ${LOG_ACCESS_SECONDS} seconds of issuedAt, ` +
        `and this server's time is ${now}. Sign it again with the current time.`,
    );
  }
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
