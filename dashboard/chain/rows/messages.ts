import type { Hex } from "viem";

import type { Row } from "@compute-credits/protocol/tree/row";
import type { RowTotals } from "@compute-credits/protocol/data/rowChecks";
import type { Differences } from "./compareTables.ts";

/** A row at its place, and what it was in the checkpoint before; `null` if it is new. */
export interface PlacedRow {
  readonly place: number;
  readonly row: Row;
  readonly before: Row | null;
}

/** A table that the worker downloaded, checked and hashed up to its root. */
export interface CheckedTable {
  readonly epoch: bigint;
  readonly rowCount: number;
  readonly root: Hex;
  readonly dataHash: Hex;
  readonly totals: RowTotals;
}

export type Filter = "all" | "changed";

/** What the page asks of the worker. */
export type Ask =
  | { readonly ask: "load"; readonly server: string; readonly epoch: bigint }
  | {
      readonly ask: "page";
      readonly id: number;
      readonly filter: Filter;
      readonly from: number;
      readonly count: number;
    }
  | { readonly ask: "find"; readonly id: number; readonly party: string };

/** What the worker tells the page. */
export type Told =
  | { readonly told: "progress"; readonly epoch: bigint; readonly rows: number }
  | {
      readonly told: "loaded";
      readonly table: CheckedTable;
      /** `null` for the first checkpoint */
      readonly base: CheckedTable | null;
      readonly differences: Differences;
    }
  | { readonly told: "failed"; readonly message: string; readonly next: string | null }
  | { readonly told: "rows"; readonly id: number; readonly rows: readonly PlacedRow[] };
