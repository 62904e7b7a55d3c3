import type { Request } from "express";
import { type Address, hashTypedData } from "viem";
import { z } from "zod";

import { AddressField, SignatureField } from "@compute-credits/protocol/json/fields";
import {
  LOG_ACCESS_SECONDS,
  logAccessTypedData,
} from "@compute-credits/protocol/messages/logAccess";
import type { Context } from "../../context.ts";
import { fail } from "../../http/problem.ts";

const Credentials = z.tuple([
  AddressField,
  z
    .string()
    .regex(/^\d{1,12}$/)
    .transform(BigInt),
  SignatureField,
]);

/**
 * Who may read the log: the contract's signers, and those whom the operator names. They sign `LogAccess` and send
 * `Authorization: LogAccess <address> <issuedAt> <signature>`.
 */
export async function authenticatedAuditor(
  req: Request,
  { chain, auditors }: Pick<Context, "chain" | "auditors">,
): Promise<Address> {
  const [scheme, ...rest] = (req.get("authorization") ?? "").split(" ");
  const parsed = Credentials.safeParse(rest);
  if (scheme !== "LogAccess" || !parsed.success) {
    throw fail(
      401,
      "missing_credentials",
      "Send Authorization: LogAccess <address> <issuedAt> <signature>, the EIP-712 signature of LogAccess(reader, issuedAt).",
    );
  }
  const [reader, issuedAt, signature] = parsed.data;
  const now = BigInt(Math.floor(Date.now() / 1000));
  const distance = now > issuedAt ? now - issuedAt : issuedAt - now;
  if (distance > LOG_ACCESS_SECONDS) {
    throw fail(
      401,
      "credentials_expired",
      `Sign LogAccess again: it is good for ${LOG_ACCESS_SECONDS} seconds, and it is ${now} here.`,
    );
  }
  if (!auditors.includes(reader) && !(await chain.isSigner(reader))) {
    throw fail(
      403,
      "not_an_auditor",
      `${reader} is no signer of the contract ${chain.deployment.contract}, and the operator has not named it in AUDITORS.`,
    );
  }
  const digest = hashTypedData(logAccessTypedData(chain.deployment, { reader, issuedAt }));
  if (!(await chain.isSignedBy(reader, digest, signature))) {
    throw fail(401, "invalid_signature", `The signature is not that of ${reader} over LogAccess.`);
  }
  return reader;
}
