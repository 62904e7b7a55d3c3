import type { Address } from "viem";

import type { ShownRow } from "@compute-credits/client/chain/court";
import { readCheckpoints } from "@compute-credits/client/chain/readCheckpoints";
import { CreditsError } from "@compute-credits/client/errors/creditsError";
import { downloadTable } from "@compute-credits/client/http/checkpointData";
import type { Row } from "@compute-credits/protocol/tree/row";
import { bytesToRows } from "@compute-credits/protocol/tree/rowBytes";
import { buildTree } from "@compute-credits/protocol/tree/tree";
import type { Context } from "../context/context.ts";

/**
 * A party's row in the pending or the final checkpoint, with a proof that this program makes itself
 * of the published rows, after it has compared their root with the chain's.
 */
export async function provenRow(
  context: Context,
  party: Address,
  which: "pending" | "final",
): Promise<ShownRow> {
  const on = await context.chain();
  const block = await on.client.getBlockNumber();
  const { [which]: checkpoint } = await readCheckpoints(on, block);
  if (checkpoint === null) {
    throw new CreditsError(`There is no ${which} checkpoint on chain.`, {
      reason: "no_checkpoint",
      next: "Only a pending checkpoint can be challenged: see the verb checkpoints list.",
    });
  }
  const rows: Row[] = [];
  const download = downloadTable(context.server, checkpoint.epoch, (bytes) =>
    rows.push(...bytesToRows(bytes)),
  );
  const { root } = await context.progress("reading the published rows", download);
  if (root !== checkpoint.root) {
    throw new CreditsError(
      `The rows that ${context.server} publishes for epoch ${checkpoint.epoch} are not those on chain.`,
      { reason: "wrong_rows", next: "Take them from a mirror or an auditor with --server." },
    );
  }
  const place = rows.findIndex((row) => row.party === party);
  const row = rows[place];
  if (row === undefined) {
    throw new CreditsError(`The ${which} checkpoint has no row of ${party}.`, {
      reason: "row_not_found",
      next: "See the verb checkpoints show --rows.",
    });
  }
  return { row, proof: buildTree(rows).proof(place) };
}
