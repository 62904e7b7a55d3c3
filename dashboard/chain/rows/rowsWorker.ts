import "./zodWithoutEval.ts";

import { readServerCheckpoints } from "@compute-credits/client/checkpoints/readServerCheckpoints";
import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { createApi } from "@compute-credits/client/http/api";
import { downloadTable } from "@compute-credits/client/http/checkpointData";
import { rowAt } from "@compute-credits/protocol/tree/rowBytes";
import { type Differences, compareTables } from "./compareTables.ts";
import type { Ask, CheckedTable, Filter, PlacedRow, Told } from "./messages.ts";
import { RowTable } from "./rowTable.ts";

/** Sections of 4,096 rows between two signs of progress. */
const SECTIONS_PER_SIGN = 8;

const table = new RowTable();
const base = new RowTable();
let differences: Differences | null = null;

self.addEventListener("message", ({ data }: MessageEvent<Ask>) => {
  switch (data.ask) {
    case "load":
      void load(data.server, data.epoch);
      break;
    case "page":
      tell({ told: "rows", id: data.id, rows: pageOf(data.filter, data.from, data.count) });
      break;
    case "find": {
      const place = table.placeOf(data.party);
      tell({ told: "rows", id: data.id, rows: place < 0 ? [] : [placed(place)] });
      break;
    }
    default:
      data satisfies never;
  }
});

/** Downloads and checks both tables, one after the other: together they may be 100 MB. */
async function load(server: string, epoch: bigint): Promise<void> {
  try {
    const before = await epochBefore(server, epoch);
    const checked = await download(server, epoch, table);
    const checkedBase = before === null ? null : await download(server, before, base);
    differences = compareTables(base.bytes, table.bytes);
    tell({ told: "loaded", table: checked, base: checkedBase, differences });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const next = error instanceof CreditsError ? (error.next ?? null) : null;
    tell({ told: "failed", message, next });
  }
}

async function download(server: string, epoch: bigint, into: RowTable): Promise<CheckedTable> {
  let sections = 0;
  const summary = await downloadTable(server, epoch, (rows) => {
    into.push(rows);
    if (sections++ % SECTIONS_PER_SIGN === 0) {
      tell({ told: "progress", epoch, rows: into.rowCount });
    }
  });
  return { epoch, ...summary };
}

/** The final checkpoint below this epoch; `null` if this is the first. */
async function epochBefore(server: string, epoch: bigint): Promise<bigint | null> {
  if (epoch <= 1n) return null;
  const api = createApi(server);
  const { checkpoints } = await readServerCheckpoints(api, { limit: 100 });
  const final = checkpoints.filter(
    ({ status, checkpoint }) => status === "final" && checkpoint.epoch < epoch,
  );
  // The list is newest first. Older ones than it has follow each other without a gap.
  return final[0]?.checkpoint.epoch ?? epoch - 1n;
}

function pageOf(filter: Filter, from: number, count: number): readonly PlacedRow[] {
  const changed = differences?.changed ?? new Uint32Array();
  const length = filter === "all" ? table.rowCount : changed.length;
  const rows: PlacedRow[] = [];
  for (let at = from; at < Math.min(from + count, length); at++) {
    rows.push(placed(filter === "all" ? at : (changed[at] ?? 0)));
  }
  return rows;
}

function placed(place: number): PlacedRow {
  return {
    place,
    row: rowAt(table.bytes, place),
    before: place < base.rowCount ? rowAt(base.bytes, place) : null,
  };
}

function tell(told: Told): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
  self.postMessage(told);
}
