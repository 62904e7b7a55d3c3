import type { Hex } from "viem";

import { type CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";
import { NO_TOTALS, type Totals, findViolations } from "@compute-credits/rules/checkpoints/totals";
import { type Finding, describeDifference } from "./finding.ts";

/** The table that the auditor reproduced, with what a checkpoint of it must satisfy. */
export interface ExpectedTable {
  readonly root: Hex;
  readonly dataHash: Hex;
  readonly totals: Totals;
  readonly purchasedMicros: bigint;
  readonly maxFeeBps: bigint;
  /** the newest counting checkpoint before this one: neither dropped nor replaced */
  readonly previous: CheckpointMessage | null;
}

const ZERO_ROOT: Hex = `0x${"00".repeat(32)}`;

/**
 * Checks that a checkpoint matches its rows, follows the previous one and keeps the invariants.
 * Empty if it may be signed.
 */
export function checkMessage(message: CheckpointMessage, expected: ExpectedTable): Finding[] {
  const { previous, totals } = expected;
  const findings: Finding[] = [];
  const epoch = (previous?.epoch ?? 0n) + 1n;
  if (message.epoch !== epoch) {
    const text = `the checkpoint has epoch ${message.epoch}, but the next epoch is ${epoch}`;
    findings.push(tableFinding("wrong_epoch", `${epoch}`, `${message.epoch}`, text));
  }
  const previousRoot = previous?.root ?? ZERO_ROOT;
  if (message.previousRoot !== previousRoot) {
    const text = `the checkpoint follows the root ${message.previousRoot}, but the last counting root is ${previousRoot}`;
    findings.push(tableFinding("wrong_previous_root", previousRoot, message.previousRoot, text));
  }
  if (previous !== null && message.asOf < previous.asOf) {
    const text = `the checkpoint is as of ${message.asOf}, earlier than the previous one (${previous.asOf})`;
    findings.push(tableFinding("wrong_as_of", `${previous.asOf}`, `${message.asOf}`, text));
  }
  for (const name of ["spent", "refunded", "earned"] as const) {
    if (message[name] === totals[name]) continue;
    const text = `the total ${name} is ${message[name]} micro-credits, but the rows add up to ${totals[name]}: ${describeDifference(message[name] - totals[name])}`;
    findings.push(tableFinding("wrong_totals", totals[name], message[name], text));
  }
  const before = previous ?? NO_TOTALS;
  for (const text of findViolations(before, totals, expected)) {
    findings.push(tableFinding("invariant_broken", null, null, text));
  }
  if (message.dataHash !== expected.dataHash) {
    const text = `the rows have the data hash ${expected.dataHash}, but the checkpoint has ${message.dataHash}`;
    findings.push(tableFinding("wrong_data_hash", expected.dataHash, message.dataHash, text));
  }
  if (message.root !== expected.root) {
    const text = `the rows have the root ${expected.root}, but the checkpoint has ${message.root}`;
    findings.push(tableFinding("wrong_root", expected.root, message.root, text));
  }
  return findings;
}

function tableFinding(
  kind: Finding["kind"],
  expected: unknown,
  actual: unknown,
  text: string,
): Finding {
  return {
    kind,
    party: null,
    event: null,
    expected: String(expected),
    actual: String(actual),
    differenceMicros:
      typeof expected === "bigint" && typeof actual === "bigint" ? actual - expected : null,
    text,
  };
}
