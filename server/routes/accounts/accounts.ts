import { Router } from "express";

import { refundFromHolds } from "@compute-credits/rules/accounts/refundRequest";
import { getAccount, getProof } from "@compute-credits/api/accounts/accounts";
import { rowLeaf } from "@compute-credits/protocol/tree/row";
import type { ChainStore } from "@compute-credits/platform/chain/chainStore";
import { available } from "@compute-credits/rules/accounts/account";
import { mount } from "../../http/mount.ts";
import type { Permit } from "../../http/permit.ts";
import { fail } from "../../http/problem.ts";
import type { AccountStore } from "../../stores/accounts/accountStore.ts";
import type { CheckpointStore } from "../../stores/checkpoints/checkpointStore.ts";

export interface AccountDeps {
  readonly accounts: AccountStore;
  readonly checkpoints: Pick<CheckpointStore, "latest" | "latestFinal" | "proofs">;
  readonly chainStore: Pick<ChainStore, "cursor">;
  readonly permit: Permit;
}

/**
 * `GET /v1/accounts/:address`: the account's balance now, in micro-credits; zeros if it is unknown.
 * `GET /v1/accounts/:address/proof`: its row in the newest final checkpoint, with the proof that
 * the contract's `settle` takes; with `?of=pending` in the checkpoint that is not final yet.
 */
export function accountRoutes({ accounts, checkpoints, chainStore, permit }: AccountDeps): Router {
  const router = Router();

  mount(router, getAccount, async ({ req, read, answer }) => {
    const { address } = read().params;
    // What a provider has earned is part of its own balance.
    await permit.check(getAccount, req, { account: address, provider: address });
    const [balance, cursor] = await Promise.all([accounts.balance(address), chainStore.cursor()]);
    return answer(200, {
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

  mount(router, getProof, async ({ read, answer }) => {
    const { params, query } = read();
    const { address } = params;
    const isPending = query.of === "pending";
    const newest = isPending ? await checkpoints.latest() : await checkpoints.latestFinal();
    const checkpoint = isPending && newest?.status === "final" ? null : newest;
    const [proven] = checkpoint === null ? [] : await checkpoints.proofs(checkpoint.id, [address]);
    if (checkpoint === null || proven === undefined) {
      throw fail(
        404,
        "row_not_found",
        isPending
          ? "No checkpoint is pending that has a row of this address. Ask for the final one."
          : "No final checkpoint has a row of this address yet. " +
              "Ask again after the next one, if the address spent, earned or was refunded credits.",
      );
    }
    return answer(200, {
      epoch: checkpoint.message.epoch,
      root: checkpoint.message.root,
      row: proven.row,
      leaf: rowLeaf(proven.row),
      proof: proven.proof,
    });
  });

  return router;
}
