import type { Address } from "viem";

import { lowercaseHex } from "@compute-credits/protocol/hex";
import { type ProvenRow, readProof } from "../accounts/readProof.ts";
import type { ShownRow } from "../chain/court.ts";
import {
  type CheckpointOnChain,
  type ContractConnection,
  readCheckpoints,
} from "../chain/readCheckpoints.ts";
import { explained } from "../chain/transact.ts";
import { CreditsError } from "../errors/creditsError.ts";
import type { Api } from "../http/api.ts";
import { downloadTable } from "../http/checkpointData.ts";
import { RowFinder } from "./rowFinder.ts";

/** What a dispute about an account's row in the pending checkpoint works with. */
export interface PendingRow {
  readonly pending: CheckpointOnChain;
  /** the account's row in it, with its proof; `null` if it has none */
  readonly shown: ShownRow | null;
  /** the account's row in the last final checkpoint; `null` if the server proves none */
  readonly final: ProvenRow | null;
}

/**
 * Reads an account's row of the pending checkpoint out of the published table, which has to have the
 * root on chain. Rejects with `nothing_to_challenge` if no checkpoint is pending, and with
 * `malformed_data` if the server publishes another table.
 */
export async function readPending(
  on: ContractConnection,
  api: Api,
  account: Address,
): Promise<PendingRow> {
  const blockNumber = await explained(() => on.client.getBlockNumber({ cacheTime: 0 }));
  const { pending, final } = await readCheckpoints(on, blockNumber);
  if (pending === null) {
    throw new CreditsError("no checkpoint is pending", { reason: "nothing_to_challenge" });
  }
  const finder = new RowFinder(lowercaseHex(account));
  const table = await downloadTable(api.url, pending.epoch, (rows, first) =>
    finder.push(rows, first),
  );
  if (table.root !== pending.root) {
    throw new CreditsError(`the server's table of epoch ${pending.epoch} has another root`, {
      reason: "malformed_data",
    });
  }
  const proven = final === null ? null : await readProof(api, { party: account }).catch(noRow);
  return {
    pending,
    shown: finder.finish(table.rowCount),
    final: proven?.root === final?.root ? proven : null,
  };
}

function noRow(error: unknown): null {
  if (error instanceof CreditsError) return null;
  throw error;
}
