import { z } from "zod";

import { AddressField, Bytes32Field, uintField } from "./fields.ts";

/** Bounds of evidence, the same on every server. docs/limits.md is made from these. */
export const EVIDENCE = {
  contentBytes: { most: 16_384, of: "bytes of the content of one evidence" },
  perRequest: { most: 100, of: "events with evidence in one request" },
} as const;

/** A compact JWT. */
const Token = z
  .string()
  .max(12_000)
  .regex(/^[\w-]+\.[\w-]+\.[\w-]+$/, "must be a JWT: three parts in base64url");

/** What a meter may say of the work. Each field may be absent, but not all. */
export const EvidenceContent = z
  .strictObject({
    utilisationBps: z
      .int()
      .min(0)
      .max(10_000)
      .optional()
      .describe("Of the hardware; 10,000 is all."),
    energyMillijoules: uintField(63).optional().describe("Used by the work."),
    energyCounterMillijoules: uintField(63)
      .optional()
      .describe("What the hardware's counter showed at the end: differences are what was used."),
    requestHash: Bytes32Field.optional().describe("Of the customer's request, in the meter's way."),
    attestation: Token.optional().describe("Of the hardware, such as NVIDIA's overall token."),
  })
  .refine((content) => Object.values(content).some((value) => value !== undefined), {
    message: "must say something: utilisation, energy, a request's hash or an attestation",
  });

export type EvidenceContent = z.output<typeof EvidenceContent>;

const utf8 = new TextEncoder();

/** Evidence as providers send it: the text that the meter signed, and with which key. */
export const EvidenceJson = z
  .strictObject({
    meterKey: AddressField.describe("The address of the meter's key."),
    content: z
      .string()
      .max(EVIDENCE.contentBytes.most)
      .refine(
        (text) => utf8.encode(text).length <= EVIDENCE.contentBytes.most,
        `must have at most ${EVIDENCE.contentBytes.most} bytes`,
      )
      .describe(
        "JSON: of `utilisationBps`, `energyMillijoules`, `energyCounterMillijoules`, `requestHash` and `attestation`, at least one.",
      ),
    signature: z
      .string()
      .regex(/^0x[0-9a-fA-F]{130}$/, "must be 65 bytes: 0x and 130 hex digits")
      .transform((text): `0x${string}` => `0x${text.slice(2).toLowerCase()}`)
      .describe("The meter key's, of `UsageEvidence` (EIP-712)."),
  })
  .meta({ id: "Evidence" });

export type SignedEvidence = z.output<typeof EvidenceJson>;

/**
 * The content that a meter signed; `null` if it is no JSON of that form. Only compact JSON: a name
 * that stands twice, or a hidden one, would tell readers different things of one signed text.
 */
export function parseContent(text: string): EvidenceContent | null {
  try {
    const value: unknown = JSON.parse(text);
    if (JSON.stringify(value) !== text || text.includes("__proto__")) return null;
    const parsed = EvidenceContent.safeParse(value);
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
