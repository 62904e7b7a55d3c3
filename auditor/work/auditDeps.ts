import type { Address } from "viem";

import type { ChainReader } from "@compute-credits/platform/chain/chainReader";
import type { Database } from "@compute-credits/platform/postgres/database";
import type { LogSource } from "../log/logSource.ts";
import type { FeeTerm } from "../replay/terms.ts";
import type { KeptState } from "./keptState.ts";
import type { RecordedHashes } from "./recordedHashes.ts";

/** The terms of an audit, besides the log and the chain. */
export interface AuditTerms {
  readonly fees: readonly FeeTerm[];
  readonly maxFeeBps: bigint;
  readonly maxQuoteSeconds: number;
  /** how far a checkpoint's `asOf` may be behind its newest debit */
  readonly maxLagSeconds: number;
  /** the operator's account that takes over what is written off; `null` allows no write-off */
  readonly writeOffAccount: Address | null;
  readonly counterGraceSeconds: number;
  /** an epoch that may be signed again although the chain did not drop it; `null` for none */
  readonly releasedEpoch: bigint | null;
}

export interface AuditCutDeps {
  readonly database: Database;
  readonly source: LogSource;
  readonly chain: Pick<
    ChainReader,
    "deployment" | "signingOf" | "allowanceSigning" | "signersSince"
  >;
  readonly terms: AuditTerms;
  /**
   * Beyond this many records the state is saved, evicted, and loaded again as needed. A record is an
   * account, an allowance, an acceptance and the like: about 600 bytes. The events of two pages come
   * on top.
   */
  readonly recordsInMemory?: number | undefined;
  /** of the cut before; without it every cut loads its state from the database */
  readonly kept?: KeptState;
  /** of what was recorded before the cut; without them all are computed */
  readonly hashes?: RecordedHashes;
  /** called after each page of the log */
  readonly onProgress?: () => void;
}

/** About 240 MB. */
export const MAX_RECORDS_IN_MEMORY = 400_000;
