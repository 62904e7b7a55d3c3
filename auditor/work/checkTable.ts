import type { Address } from "viem";

import type { CheckpointMessage } from "@compute-credits/protocol/messages/checkpoint";
import type { Sql } from "@compute-credits/platform/postgres/database";
import type { PublishedCut } from "../log/logSource.ts";
import { checkMessage } from "../replay/checkMessage.ts";
import { compareRows } from "../replay/compareRows.ts";
import type { Finding } from "../replay/finding.ts";
import type { AuditCutDeps } from "./auditDeps.ts";
import { adoptPlaces, assignPlaces, hashTable, readAllRows } from "./reproducedTable.ts";

/**
 * Checks a checkpoint against the reproduced table. If the hashes differ, compares the rows with
 * the server's published table. New parties may have another order there: then adopts their places.
 */
export async function checkTable(
  { source, terms }: AuditCutDeps,
  tx: Sql,
  cut: PublishedCut,
  previous: CheckpointMessage | null,
): Promise<Finding[]> {
  const withoutPlace = await tx.query<{ address: Address }>(
    "select address from parties where place is null",
  );
  const newParties = new Set(withoutPlace.map(({ address }) => address));
  await assignPlaces(tx);
  const { maxFeeBps } = terms;
  const table = await hashTable(tx, cut.id);
  const findings = checkMessage(cut.message, { ...table, maxFeeBps, previous });
  if (!findings.some(({ kind }) => kind === "wrong_root" || kind === "wrong_data_hash")) {
    return findings;
  }

  // Fetches the server's table only now: it shows which rows differ.
  const published = await source.rows(cut.message.epoch);
  const expected = await readAllRows(tx);
  const differences = compareRows(expected, published);
  const isOrderOfNewParties =
    differences.length > 0 &&
    differences.every(
      ({ kind, party }) => kind === "place_moved" && party !== null && newParties.has(party),
    );
  if (!isOrderOfNewParties) return [...differences, ...findings];

  // All places of new parties were free, so their order harms no party.
  const places = published.map(({ party }, place) => ({ party, place }));
  await adoptPlaces(
    tx,
    places.filter(({ party }) => newParties.has(party)),
  );
  const adopted = await hashTable(tx, cut.id);
  return checkMessage(cut.message, { ...adopted, maxFeeBps, previous });
}
