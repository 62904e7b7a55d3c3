import { z } from "zod";

import { lowercaseHex } from "@compute-credits/protocol/hex";

/**
 * The fields of answers. In each schema the input is what the server sends, and the output is what
 * programs work with: amounts as `bigint`, times as `Date`.
 */

/** A whole number from 0 as decimal text, because JSON numbers lose digits above 2^53. */
export const UintText = z
  .string()
  .regex(/^\d{1,78}$/)
  .transform(BigInt)
  .meta({ description: "A whole number from 0, as decimal text." });

/** As `UintText`, but it may be below 0. */
export const IntText = z
  .string()
  .regex(/^-?\d{1,78}$/)
  .transform(BigInt)
  .meta({ description: "A whole number, as decimal text." });

/** Millionths of a credit, as decimal text. */
export const MicrosText = z
  .string()
  .regex(/^\d{1,20}$/)
  .transform(BigInt)
  .meta({ description: "Micro-credits (1 credit is 1,000,000), as decimal text." });

/** As `MicrosText`, of a difference. */
export const SignedMicrosText = z
  .string()
  .regex(/^-?\d{1,20}$/)
  .transform(BigInt)
  .meta({ description: "Micro-credits, below 0 if they are missing, as decimal text." });

/** A time in UTC with milliseconds, like 2026-01-31T12:00:00.000Z. */
export const TimeText = z.iso
  .datetime({ precision: 3 })
  .transform((text) => new Date(text))
  .meta({ description: "A time in UTC, with milliseconds." });

/** An address in lower case. */
export const AddressText = hexText(40).meta({ description: "An address, in lower case." });

/** 32 bytes. */
export const Bytes32Text = hexText(64).meta({ description: "32 bytes." });

/** Bytes of any length, such as a signature. */
export const HexText = z
  .string()
  .regex(/^0x([0-9a-fA-F]{2})*$/)
  .transform(lowercaseHex)
  .meta({ description: "Bytes." });

/** `cursor` of the next page, or `null` on the last one. */
export const NextCursor = z
  .string()
  .nullable()
  .meta({ description: "Send it as `cursor` for the next page; `null` on the last page." });

/** The query parameter `cursor` of a list whose places are numbers. */
export const NumberedCursor = z
  .string()
  .regex(/^\d{1,18}$/, "must be a nextCursor of this list")
  .transform(BigInt);

/** The query parameter `limit` of a list in pages. */
export function limitField({
  most,
  fallback,
}: {
  readonly most: number;
  readonly fallback: number;
}) {
  return z
    .preprocess(numberOf, z.int().min(1).max(most).default(fallback))
    .meta({ description: "Rows of the page, at most." });
}

/** Decimal digits as a number, and nothing else: `1e3`, `0x10` and ` 5` stay text. */
function numberOf(sent: string | number | undefined): string | number | undefined {
  return typeof sent === "string" && /^\d{1,9}$/.test(sent) ? Number(sent) : sent;
}

function hexText(digits: number) {
  return z
    .string()
    .regex(new RegExp(`^0x[0-9a-fA-F]{${digits}}$`))
    .transform(lowercaseHex);
}
