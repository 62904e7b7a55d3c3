import { isAddress } from "viem";
import { z } from "zod";

import { lowercaseHex } from "@compute-credits/protocol/hex";
import { fail } from "./problem.ts";

/** What requests are made of. Unknown fields are refused where objects are built from these: `z.strictObject`. */

const LOWERCASE_ADDRESS = /^0x[0-9a-f]{40}$/;

/** An address, in any case where its checksum is right. Kept in lower case. */
export const AddressField = z
  .string()
  .refine(
    // Most are in lower case, and those have no checksum.
    (text) => LOWERCASE_ADDRESS.test(text) || isAddress(text),
    "must be an address: 0x and 40 hex digits, with a right checksum",
  )
  .transform(lowercaseHex);

export const Bytes32Field = hexField(
  /^0x[0-9a-fA-F]{64}$/,
  "must be 32 bytes: 0x and 64 hex digits",
);

/** ERC-1271 wallets make long signatures; 8 KiB is more than any that is in use. */
export const SignatureField = hexField(
  /^0x(?:[0-9a-fA-F]{2}){1,8192}$/,
  "must be a signature: 0x and an even number of hex digits",
);

/** A whole number as digits in a string, or as a JSON number that is exact. */
export function uintField(bits: 8 | 63 | 64 | 256) {
  const most = 2n ** BigInt(bits) - 1n;
  return z
    .union(
      [z.string().regex(/^\d{1,78}$/), z.int().min(0)],
      "must be a whole number from 0: digits in a string, or a JSON number up to 2^53",
    )
    .transform(BigInt)
    .refine((value) => value <= most, `must be at most ${most}`);
}

/** The secret of a spender. */
export const ApiKeyField = z.string().min(16).max(256);

/** ISO 8601 with a time zone. */
export const TimeField = z.iso
  .datetime({ offset: true, error: "must be a time with its zone, like 2026-01-31T12:00:00Z" })
  .transform((text) => new Date(text));

/** Parses what a client sent, or throws the problem that names each mistake and where it is. */
export function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw fail(400, "invalid_request", "The request has fields to mend: see errors.", {
    errors: fieldErrors(parsed.error),
  });
}

export function fieldErrors(error: z.ZodError): { pointer: string; detail: string }[] {
  return error.issues.map(({ path, message }) => ({
    pointer: `#/${path.map(String).join("/")}`,
    detail: message,
  }));
}

function hexField(pattern: RegExp, message: string) {
  return z.string().regex(pattern, message).transform(lowercaseHex);
}
