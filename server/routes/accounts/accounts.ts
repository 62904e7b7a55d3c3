import { Router } from "express";

import { refundFromHolds } from "@compute-credits/rules/accounts/refundRequest";
import { AddressField } from "@compute-credits/protocol/json/fields";
import { rowLeaf } from "@compute-credits/protocol/tree/row";
import type { ChainStore } from "@compute-credits/platform/chain/chainStore";
import { available } from "@compute-credits/rules/accounts/account";
import { parse } from "../../http/parse.ts";
import { fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";
import type { AccountStore } from "../../stores/accounts/accountStore.ts";
import type { CheckpointStore } from "../../stores/checkpoints/checkpointStore.ts";

export interface AccountDeps {
  readonly accounts: AccountStore;
  readonly checkpoints: Pick<CheckpointStore, "latestFinal" | "proofs">;
  readonly chainStore: Pick<ChainStore, "cursor">;
}

/**
 * `GET /v1/accounts/:address`: the account's balance now, in micro-credits; zeros if it is unknown.
 * `GET /v1/accounts/:address/proof`: its row in the newest final checkpoint, with the proof that
 * the contract's `settle` takes.
 */
export function accountRoutes({ accounts, checkpoints, chainStore }: AccountDeps): Router {
  const router = Router();

  router.get("/accounts/:address", async (req, res) => {
    const address = parse(AddressField, req.params.address);
    const [balance, cursor] = await Promise.all([accounts.balance(address), chainStore.cursor()]);
    respond(res, 200, {
      account: address,
      purchasedMicros: balance.purchased,
      spentMicros: balance.spent,
      heldMicros: balance.held,
      refundingMicros: balance.refunding,
      refundWaitingMicros: refundFromHolds(balance),
      refundedMicros: balance.refunded,
      availableMicros: available(balance),
      earnedMicros: balance.earned,
      counter: balance.counter,
      settled: {
        spentMicros: balance.settled.spent,
        refundedMicros: balance.settled.refunded,
        earnedMicros: balance.settled.earned,
      },
      asOfBlock: cursor.number,
    });
  });

  router.get("/accounts/:address/proof", async (req, res) => {
    const party = parse(AddressField, req.params.address);
    const checkpoint = await checkpoints.latestFinal();
    const [proven] = checkpoint === null ? [] : await checkpoints.proofs(checkpoint.id, [party]);
    if (checkpoint === null || proven === undefined) {
      throw fail(
        404,
        "row_not_found",
        "No final checkpoint has a row of this address yet. " +
          "Ask again after the next one, if the address spent, earned or was refunded credits.",
      );
    }
    respond(res, 200, {
      epoch: checkpoint.message.epoch,
      root: checkpoint.message.root,
      row: proven.row,
      leaf: rowLeaf(proven.row),
      proof: proven.proof,
    });
  });

  return router;
}
