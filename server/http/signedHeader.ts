import type { Request } from "express";
import type { Address, Hex } from "viem";
import { z } from "zod";

import { AddressField, SignatureField } from "@compute-credits/protocol/json/fields";
import { CAMPAIGN_ACCESS_SECONDS } from "@compute-credits/protocol/messages/campaignAccess";
import { LOG_ACCESS_SECONDS } from "@compute-credits/protocol/messages/logAccess";
import { type ProblemError, fail } from "./problem.ts";

/** A message that a wallet signs to authenticate requests for a while. */
export interface HeaderScheme {
  /** the EIP-712 message, and the scheme of the header */
  readonly scheme: "LogAccess" | "CampaignAccess";
  /** the message's fields, for the reader of a problem */
  readonly fields: string;
  /** how far `issuedAt` may be from this server's time */
  readonly seconds: bigint;
}

export interface SignedHeader {
  readonly address: Address;
  readonly issuedAt: bigint;
  readonly signature: Hex;
}

export const LOG_ACCESS: HeaderScheme = {
  scheme: "LogAccess",
  fields: "reader, issuedAt",
  seconds: LOG_ACCESS_SECONDS,
};

export const CAMPAIGN_ACCESS: HeaderScheme = {
  scheme: "CampaignAccess",
  fields: "account, issuedAt",
  seconds: CAMPAIGN_ACCESS_SECONDS,
};

const Credentials = z.tuple([
  AddressField,
  z
    .string()
    .regex(/^\d{1,12}$/)
    .transform(BigInt),
  SignatureField,
]);

/**
 * Reads `Authorization: <scheme> <address> <issuedAt> <signature>`; `null` if the request has
 * another scheme. Throws a 401 if it is malformed or too old. The caller checks the signature.
 */
export function readSignedHeader(req: Request, scheme: HeaderScheme): SignedHeader | null {
  const [sent, ...rest] = (req.get("authorization") ?? "").split(" ");
  if (sent?.toLowerCase() !== scheme.scheme.toLowerCase()) return null;
  const parsed = Credentials.safeParse(rest);
  if (!parsed.success) throw missingSignedHeader(scheme);
  const [address, issuedAt, signature] = parsed.data;
  const now = BigInt(Math.floor(Date.now() / 1000));
  const distance = now > issuedAt ? now - issuedAt : issuedAt - now;
  if (distance <= scheme.seconds) return { address, issuedAt, signature };
  throw fail(
    401,
    "credentials_expired",
    `${scheme.scheme} is valid within ${scheme.seconds} seconds of issuedAt, ` +
      `and this server's time is ${now}. Sign it again with the current time.`,
  );
}

export function missingSignedHeader({ scheme, fields }: HeaderScheme): ProblemError {
  return fail(
    401,
    "missing_credentials",
    `Sign ${scheme}(${fields}) as EIP-712 typed data, and send it in a header: ` +
      `Authorization: ${scheme} <address> <issuedAt> <signature>.`,
  );
}
