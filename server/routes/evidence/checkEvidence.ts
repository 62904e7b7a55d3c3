import { setImmediate as nextTurn } from "node:timers/promises";

import { type Address, isAddressEqual, recoverTypedDataAddress } from "viem";

import {
  EVIDENCE,
  type SignedEvidence,
  parseContent,
} from "@compute-credits/protocol/json/evidence";
import type { Deployment } from "@compute-credits/protocol/messages/domain";
import { usageEvidenceTypedData } from "@compute-credits/protocol/messages/usageEvidence";
import type { AttestationHook } from "../../attestation.ts";
import { type Problem, fail, problem } from "../../http/problem.ts";
import type {
  Attested,
  CheckedEvidence,
  EvidenceStore,
} from "../../stores/evidence/evidenceStore.ts";

export interface EvidenceDeps {
  readonly evidence: Pick<EvidenceStore, "findKeys" | "record">;
  readonly deployment: Deployment;
  /** `null` if this server checks no attestation tokens */
  readonly attestation: AttestationHook | null;
}

/** Evidence that came with an event or a capture. */
export interface SentEvidence {
  readonly eventId: string;
  readonly quantity: bigint;
  readonly evidence: SignedEvidence;
}

export type CheckResult = CheckedEvidence | { readonly problem: Problem };

/**
 * Checks evidence before anything is charged, so that a charge never stands beside evidence that is
 * false. One result each, in order. A signature takes a millisecond of the processor, so others have
 * their turn between two of them. Throws a 413 for more than a request may have.
 */
export async function checkEvidence(
  { evidence, deployment, attestation }: EvidenceDeps,
  provider: Address,
  sent: readonly SentEvidence[],
): Promise<readonly CheckResult[]> {
  if (sent.length === 0) return [];
  const { most } = EVIDENCE.perRequest;
  if (sent.length > most) {
    throw fail(
      413,
      "too_much_evidence",
      `At most ${most} events of a request have evidence: send them in parts.`,
      { most },
    );
  }
  const meterKeys = [...new Set(sent.map((one) => one.evidence.meterKey))];
  const keys = await evidence.findKeys(provider, meterKeys);
  const results: CheckResult[] = [];
  for (const one of sent) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other, between others' turns
    results.push(await check(one));
    // oxlint-disable-next-line no-await-in-loop -- as above
    await nextTurn();
  }
  return results;

  async function check({
    eventId,
    quantity,
    evidence: signed,
  }: SentEvidence): Promise<CheckResult> {
    const { meterKey, content, signature } = signed;
    const key = keys.get(meterKey);
    if (key === undefined) {
      const detail =
        `${provider} has not registered the meter key ${meterKey}. ` +
        "Nothing was charged: register it (POST /v1/meter-keys), or leave the evidence out.";
      return { problem: problem(422, "unknown_meter_key", detail, { meterKey }) };
    }
    if (key.revokedAt !== null) {
      const detail =
        `The meter key ${meterKey} is revoked since ${key.revokedAt.toISOString()}. ` +
        "Nothing was charged: sign with another key, or leave the evidence out.";
      return { problem: problem(422, "meter_key_revoked", detail, { meterKey }) };
    }
    const said = parseContent(content);
    if (said === null) {
      const detail =
        "The evidence's content is not JSON with utilisationBps, energyMillijoules, " +
        "energyCounterMillijoules, requestHash or attestation, and nothing else. Nothing was charged.";
      return { problem: problem(422, "invalid_evidence", detail) };
    }
    const typedData = usageEvidenceTypedData(deployment, { provider, eventId, quantity, content });
    const signer = await recoverTypedDataAddress({ ...typedData, signature }).catch(() => null);
    if (signer === null || !isAddressEqual(signer, meterKey)) {
      const detail =
        `The meter key ${meterKey} did not sign this content for the event ${eventId} and the ` +
        `quantity ${quantity}, on this chain and contract. Nothing was charged.`;
      return { problem: problem(422, "forged_evidence", detail, { meterKey }) };
    }
    const attested = await attest(said.attestation, eventId);
    if (attested === "refused") {
      const detail =
        "The attestation token has another issuer or signature, has expired, or does not say that " +
        "the hardware passed. Nothing was charged: get a new token, or leave it out.";
      return { problem: problem(422, "attestation_refused", detail) };
    }
    return { ...signed, eventId, attested };
  }

  async function attest(
    token: string | undefined,
    eventId: string,
  ): Promise<Attested | "refused" | null> {
    if (token === undefined || attestation === null) return null;
    return await attestation.check(token, { provider, eventId });
  }
}
