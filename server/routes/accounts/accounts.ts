import { Router } from "express";

import { AddressField } from "@compute-credits/protocol/json/fields";
import { parse } from "../../http/parse.ts";
import { rowLeaf } from "@compute-credits/protocol/tree/row";
import { available } from "@compute-credits/rules/accounts/account";
import type { Context } from "../../context.ts";
import { fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";

/**
 * `GET /v1/accounts/:address`: what the address has, now, in micro-credits. Zeros where it was never heard of.
 * `GET /v1/accounts/:address/proof`: its row in the newest final checkpoint, with the proof that `settle` takes.
 */
export function accountRoutes({ accounts, checkpoints, chainStore }: Context): Router {
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
      refundWaitingMicros: balance.refundWaiting,
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
        "No final checkpoint has a row of this address yet: the next one will, if it spent, earned or was refunded anything.",
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
