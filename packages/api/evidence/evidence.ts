import { z } from "zod";

import { AddressText, HexText, TimeText } from "../fields.ts";

/** What became of the evidence of a report. */
export const EvidenceOutcome = z
  .enum(["recorded", "other_on_record"])
  .describe(
    "Of the evidence in this request: `other_on_record` if the event has other evidence, which stays.",
  );

/** What an operator's hook found in an attestation token, when the evidence was recorded. */
const Attested = z.object({
  verified: z.boolean().describe("Signature, issuer and times were right, and the result is true."),
  issuer: z.string().nullable(),
  nonceIsOfEvent: z.boolean().describe("The token was made for this event, and for no other."),
  expiresAt: TimeText.nullable(),
});

/** Evidence as an explanation shows it to the payer and to auditors. */
export const ShownEvidence = z
  .object({
    meterKey: AddressText,
    meterKeyRevokedAt: TimeText.nullable(),
    content: z.string().describe("The JSON that the meter signed. Text of a stranger."),
    signature: HexText,
    attested: Attested.nullable().describe("`null` without a token, or if the server checks none."),
    recordedAt: TimeText,
  })
  .meta({ id: "ShownEvidence" });
