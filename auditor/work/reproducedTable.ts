import { type Address, type Hex, bytesToHex, hexToBytes } from "viem";

import { dataHashOf, tableHead } from "@compute-credits/protocol/data/checkpointData";
import { hashRows } from "@compute-credits/protocol/keccak/batchKeccak";
import { nodesAtLevel, concatBytes, treeDepth } from "@compute-credits/protocol/tree/levels";
import type { Row } from "@compute-credits/protocol/tree/row";
import { rowsToBytes } from "@compute-credits/protocol/tree/rowBytes";
import {
  SECTION_LEVEL,
  SECTION_ROWS,
  TableHasher,
} from "@compute-credits/protocol/tree/tableHasher";
import { bytea, byteaArray, numberArray } from "@compute-credits/platform/postgres/values";
import type { Totals } from "@compute-credits/rules/checkpoints/totals";
import type { Sql } from "@compute-credits/platform/postgres/database";

/** The hashes and totals of the table that the auditor reproduced. */
export interface ReproducedTable {
  readonly root: Hex;
  readonly dataHash: Hex;
  /** of the published file (`tableHead`) */
  readonly head: Uint8Array;
  readonly rowCount: number;
  readonly totals: Totals;
  /** sum of all purchases */
  readonly purchasedMicros: bigint;
}

/** Assigns places to parties with a first row: after all others, in address order. */
export async function assignPlaces(tx: Sql): Promise<void> {
  await tx.query(
    `update parties set place = given.place
     from (
       select address, (select coalesce(max(place), -1) from parties) + row_number() over (order by address) as place
       from parties where place is null and (spent > 0 or refunded > 0 or earned > 0)
     ) as given
     where parties.address = given.address`,
  );
}

/** Moves new parties to the given places. The places of all other parties stay. */
export async function adoptPlaces(
  tx: Sql,
  places: readonly { party: Address; place: number }[],
): Promise<void> {
  const arrays = [
    byteaArray(places.map(({ party }) => party)),
    numberArray(places.map(({ place }) => place)),
  ];
  // Clears the places first, because parties may swap places and places are unique.
  await tx.query("update parties set place = null where address = any($1::bytea[])", [arrays[0]]);
  await tx.query(
    `update parties set place = given.place from unnest($1::bytea[], $2::bigint[]) as given (address, place)
     where parties.address = given.address`,
    arrays,
  );
}

/**
 * Hashes the sections with a row that changed in this cut, then the table from all section roots.
 */
export async function hashTable(tx: Sql, cut: bigint): Promise<ReproducedTable> {
  const [sums] = await tx.query<Totals & { rows: bigint; purchased: bigint }>(
    `select coalesce(max(place) + 1, 0) as rows, coalesce(sum(purchased), 0) as purchased,
       coalesce(sum(spent), 0) as spent, coalesce(sum(refunded), 0) as refunded, coalesce(sum(earned), 0) as earned
     from parties`,
  );
  if (sums === undefined) throw new Error("the database returned no sums");
  const { rows, purchased: purchasedMicros, spent, refunded, earned } = sums;
  const rowCount = Number(rows);
  const totals = { spent, refunded, earned };

  // Plan: index parties_by_change.
  const changed = await tx.query<{ index: bigint }>(
    `select distinct place / ${SECTION_ROWS} as index from parties
     where changed_in = $1 and place is not null order by index`,
    [cut],
  );
  for (const { index } of changed) {
    // oxlint-disable-next-line no-await-in-loop -- keeps one section in memory
    const leaves = hashRows(rowsToBytes(await readRows(tx, index)));
    const node = nodesAtLevel(leaves, { from: 0, to: SECTION_LEVEL });
    // oxlint-disable-next-line no-await-in-loop
    await tx.query(
      "insert into sections (index, node) values ($1, $2) on conflict (index) do update set node = excluded.node",
      [index, bytea(bytesToHex(node))],
    );
  }

  // A table of at most one section can have a lower tree than a section.
  if (rowCount <= SECTION_ROWS) {
    const hasher = new TableHasher();
    hasher.push(rowsToBytes(await readRows(tx, 0n)));
    const hashes = hasher.finish();
    const root = bytesToHex(hashes.root);
    const head = tableHead(hashes);
    return { root, dataHash: dataHashOf(head), head, rowCount, totals, purchasedMicros };
  }
  const nodes = await tx.query<{ node: Hex }>("select node from sections order by index");
  const sections = concatBytes(nodes.map(({ node }) => hexToBytes(node)));
  const root = bytesToHex(nodesAtLevel(sections, { from: SECTION_LEVEL, to: treeDepth(rowCount) }));
  const head = tableHead({ rowCount, sections });
  return { root, dataHash: dataHashOf(head), head, rowCount, totals, purchasedMicros };
}

async function readRows(tx: Sql, section: bigint): Promise<Row[]> {
  const first = section * BigInt(SECTION_ROWS);
  return await tx.query<Row>(
    `select address as party, spent, refunded, earned from parties
     where place >= $1 and place < $2 order by place`,
    [first, first + BigInt(SECTION_ROWS)],
  );
}

/** Reads the whole table in place order. Only needed to compare it with another one. */
export async function readAllRows(tx: Sql): Promise<Row[]> {
  return await tx.query<Row>(
    `select address as party, spent, refunded, earned from parties where place is not null order by place`,
  );
}
