import type { SignedQuote } from "../../server/stores/pricing/quoteStore.ts";
import type { Journal } from "../journal.ts";
import type { LedgerModel } from "../model/ledgerModel.ts";
import type { ModelQuote } from "../model/state.ts";
import type { Operation } from "../operations.ts";
import type { ServerPool } from "../serverPool.ts";

export interface LaneState {
  readonly serverPool: ServerPool;
  readonly journal: Journal;
  readonly model: LedgerModel;
  /** by quote number; `null` if the ledger refused to quote */
  readonly quotes: Map<number, LaneQuote | null>;
}

export interface LaneQuote {
  readonly signed: SignedQuote;
  readonly predicted: ModelQuote;
}

export type OperationOf<Kind extends Operation["kind"]> = Extract<Operation, { kind: Kind }>;
