import { reason } from "./reason.ts";

export const EVIDENCE_REASONS = {
  invalid_evidence: reason(
    [422],
    "The evidence's content is not of the known form.",
    "Correct it and sign again, or leave it out.",
  ),
  unknown_meter_key: reason(
    [422],
    "The provider has registered no such meter key.",
    "Register it: `POST /v1/meter-keys`.",
  ),
  meter_key_revoked: reason(
    [422],
    "The meter's key is revoked, for good.",
    "Sign with another registered key.",
  ),
  forged_evidence: reason(
    [422],
    "The meter's key did not sign this for this event.",
    "Sign id, quantity and content as they are sent.",
  ),
  attestation_refused: reason(
    [422],
    "The attestation token is not one that the operator takes.",
    "Get a new token, or leave it out.",
  ),
  too_much_evidence: reason(
    [413],
    "Too many events of the request have evidence.",
    "Send them in parts.",
  ),
};

/** Reasons of each event or capture with evidence. */
export const EVIDENCE_REFUSALS = [
  "invalid_evidence",
  "unknown_meter_key",
  "meter_key_revoked",
  "forged_evidence",
  "attestation_refused",
  "too_much_evidence",
] as const;
