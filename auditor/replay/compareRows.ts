import type { Address } from "viem";

import type { Row } from "@compute-credits/protocol/tree/row";
import { type Finding, describeDifference } from "./finding.ts";

/** Finds the rows of a published table that differ from the reproduced ones, and moved parties. */
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
        text: `${row.party} is at place ${found.place} of the table, but its place is ${place} for good`,
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
        text: `the row of ${expected.party} has ${name} ${given[name]} micro-credits, but by the log it is ${expected[name]}: ${describeDifference(differenceMicros)}`,
      };
    });
}

function noRow(party: Address): Row {
  return { party, spent: 0n, refunded: 0n, earned: 0n };
}
