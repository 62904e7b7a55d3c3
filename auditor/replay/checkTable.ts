import type { Address, Hex } from "viem";

import { type CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";
import type { Row } from "@compute-credits/protocol/tree/row";
import { NO_TOTALS, type Totals, findViolations } from "@compute-credits/rules/checkpoints/totals";
import { type Finding, textOfDifference } from "./finding.ts";

/** What a checkpoint was to be. */
export interface ExpectedTable {
  readonly root: Hex;
  readonly dataHash: Hex;
  readonly totals: Totals;
  readonly purchasedMicros: bigint;
  readonly maxFeeBps: bigint;
  /** the newest checkpoint that counts, before this one */
  readonly previous: CheckpointMessage | null;
}

const ZERO_ROOT: Hex = `0x${"00".repeat(32)}`;

function about(kind: Finding["kind"], expected: unknown, actual: unknown, text: string): Finding {
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

/** Whether a checkpoint says what its rows say, and follows the one before. Empty where it may be signed. */
export function checkMessage(message: CheckpointMessage, expected: ExpectedTable): Finding[] {
  const { previous, totals } = expected;
  const findings: Finding[] = [];
  const epoch = (previous?.epoch ?? 0n) + 1n;
  if (message.epoch !== epoch) {
    const text = `the checkpoint has epoch ${message.epoch}; the next one is ${epoch}`;
    findings.push(about("wrong_epoch", `${epoch}`, `${message.epoch}`, text));
  }
  const previousRoot = previous?.root ?? ZERO_ROOT;
  if (message.previousRoot !== previousRoot) {
    const text = `the checkpoint follows the root ${message.previousRoot}; the last one that counts is ${previousRoot}`;
    findings.push(about("wrong_previous_root", previousRoot, message.previousRoot, text));
  }
  if (previous !== null && message.asOf < previous.asOf) {
    const text = `the checkpoint is as of ${message.asOf}, before the last one's ${previous.asOf}`;
    findings.push(about("wrong_as_of", `${previous.asOf}`, `${message.asOf}`, text));
  }
  for (const name of ["spent", "refunded", "earned"] as const) {
    if (message[name] === totals[name]) continue;
    const text = `the total ${name} is ${message[name]} micro-credits; the rows add up to ${totals[name]}: ${textOfDifference(message[name] - totals[name])}`;
    findings.push(about("wrong_totals", totals[name], message[name], text));
  }
  const before = previous ?? NO_TOTALS;
  for (const text of findViolations(before, totals, expected)) {
    findings.push(about("invariant_broken", null, null, text));
  }
  if (message.dataHash !== expected.dataHash) {
    const text = `the published rows hash to ${expected.dataHash}; the checkpoint says ${message.dataHash}`;
    findings.push(about("wrong_data_hash", expected.dataHash, message.dataHash, text));
  }
  if (message.root !== expected.root) {
    const text = `the rows have the root ${expected.root}; the checkpoint says ${message.root}`;
    findings.push(about("wrong_root", expected.root, message.root, text));
  }
  return findings;
}

/** Which rows of a published table differ from what they were to be, and who lost its place. */
export function compareRows(expected: readonly Row[], published: readonly Row[]): Finding[] {
  const findings: Finding[] = [];
  const places = new Map(expected.map(({ party }, place) => [party, place]));
  const given = new Map(published.map((row, place) => [row.party, { row, place }]));
  for (const row of expected) {
    const found = given.get(row.party);
    findings.push(...compareRow(row, found?.row ?? null));
    const place = places.get(row.party);
    if (found !== undefined && place !== undefined && found.place !== place) {
      findings.push({
        kind: "place_moved",
        party: row.party,
        event: null,
        expected: `${place}`,
        actual: `${found.place}`,
        differenceMicros: null,
        text: `${row.party} is at place ${found.place} of the table; its place is ${place}, for ever`,
      });
    }
  }
  for (const row of published) {
    if (!places.has(row.party)) findings.push(...compareRow(noRow(row.party), row));
  }
  return findings;
}

function compareRow(expected: Row, actual: Row | null): Finding[] {
  const given = actual ?? noRow(expected.party);
  return (["spent", "refunded", "earned"] as const)
    .filter((name) => given[name] !== expected[name])
    .map((name): Finding => {
      const differenceMicros = given[name] - expected[name];
      return {
        kind: "wrong_row",
        party: expected.party,
        event: null,
        expected: `${name} ${expected[name]}`,
        actual: `${name} ${given[name]}`,
        differenceMicros,
        text: `the row of ${expected.party} says ${name} ${given[name]} micro-credits; the log makes it ${expected[name]}: ${textOfDifference(differenceMicros)}`,
      };
    });
}

function noRow(party: Address): Row {
  return { party, spent: 0n, refunded: 0n, earned: 0n };
}
