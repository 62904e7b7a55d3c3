import type { Address } from "viem";

import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { SubmissionStore } from "../../stores/settlement/submissionStore.ts";

export interface SigningAlarmDeps {
  readonly chain: Pick<ChainReader, "isSigner" | "threshold">;
  readonly submissions: Pick<SubmissionStore, "waiting" | "hasSigned">;
  /** the addresses of this server's keys */
  readonly ownSigners: readonly Address[];
  /** how long a checkpoint may wait for signatures */
  readonly alarmSeconds: number;
}

/** Tells of a checkpoint whose epoch has waited too long for signatures. */
export async function waitingAlarm({
  chain,
  submissions,
  alarmSeconds,
}: SigningAlarmDeps): Promise<string | null> {
  const waiting = await submissions.waiting();
  if (waiting === null || waiting.seconds < alarmSeconds) return null;
  const { epoch, seconds, signers } = waiting;
  const signed = signers.length === 0 ? "nobody has signed it" : `signed by ${signers.join(", ")}`;
  return (
    `the checkpoint of epoch ${epoch} has waited ${Math.floor(seconds / 60)} minutes for ` +
    `${await chain.threshold()} signatures (${signed}): ` +
    "is an auditor down, or does its GET /findings refuse it? Is a server leading?"
  );
}

/**
 * Tells of own keys that are no signers any more. A key that waits for an announced change was never
 * a signer, and is no alarm, unless no key is left that may sign.
 */
export async function keyAlarms({
  chain,
  submissions,
  ownSigners,
}: SigningAlarmDeps): Promise<readonly string[]> {
  const states = await Promise.all(
    ownSigners.map(async (address) => {
      const isSigner = await chain.isSigner(address);
      return { address, isSigner, hasSigned: isSigner || (await submissions.hasSigned(address)) };
    }),
  );
  if (states.length > 0 && states.every(({ isSigner }) => !isSigner)) {
    const names = states.map(({ address }) => address).join(", ");
    return [
      `the contract has none of this server's keys (${names}) as a signer: it signs nothing. ` +
        "Give it the key of a present signer (docs/settlement.md#keys)",
    ];
  }
  return states
    .filter(({ isSigner, hasSigned }) => !isSigner && hasSigned)
    .map(
      ({ address }) =>
        `the key ${address} is no signer of the contract any more: remove it from this server ` +
        "(docs/settlement.md#keys)",
    );
}
