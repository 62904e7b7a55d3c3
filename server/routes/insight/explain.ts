import { Router } from "express";
import type { Address } from "viem";
import { z } from "zod";

import { parse } from "../../http/parse.ts";
import { EventIdField, AddressField } from "@compute-credits/protocol/json/fields";
import { heldMicros } from "@compute-credits/rules/holds/hold";
import { limitsPassed } from "@compute-credits/rules/insight/limitsPassed";
import { explainPrice } from "@compute-credits/rules/insight/priceExplanation";
import type { LoggedDebit } from "../../stores/insight/insightStore.ts";
import type { Context } from "../../context.ts";
import { fail } from "../../http/problem.ts";
import { respond } from "../../http/respond.ts";

const ExplainQuery = z.strictObject({ eventId: EventIdField });

/**
 * `GET /v1/debits/:provider/:eventId/explain`: why an event cost what it cost, who paid, and what has become of it.
 * `GET /v1/debits/:provider/explain?eventId=…`: the same, for ids like `..`, which clients take out of a path.
 */
export function explainRoutes({ insight, rateCards, holds, checkpoints }: Context): Router {
  const router = Router();

  router.get("/debits/:provider/explain", async (req, res) => {
    const { eventId } = parse(ExplainQuery, req.query);
    respond(res, 200, await explain(parse(AddressField, req.params.provider), eventId));
  });

  router.get("/debits/:provider/:eventId/explain", async (req, res) => {
    const provider = parse(AddressField, req.params.provider);
    respond(res, 200, await explain(provider, parse(EventIdField, req.params.eventId)));
  });

  async function explain(provider: Address, id: string) {
    const explained = await insight.explain({ provider, id });
    const [first] = explained?.parts ?? [];
    if (explained === null || first === undefined) {
      throw fail(404, "event_not_found", "This provider has no debited event with this id.");
    }
    const { parts, holdId, firstEpoch } = explained;
    const { debit } = first;
    return {
      event: {
        provider,
        id,
        spender: debit.spender,
        meter: debit.meter,
        quantity: debit.quantity,
        dimensions: debit.dimensions,
        occurredAt: debit.occurredAt,
        recordedAt: debit.recordedAt,
      },
      price: await priceOf(debit),
      costMicros: total(parts.map(({ debit: part }) => part.amountMicros)),
      feeMicros: total(parts.map(({ debit: part }) => part.feeMicros)),
      charges: parts.map(({ debit: part, facts }) => ({
        account: part.account,
        allowance: part.allowance,
        priority: facts.budget.allowance.message.priority,
        amountMicros: part.amountMicros,
        feeMicros: part.feeMicros,
        earnedMicros: part.amountMicros - part.feeMicros,
        limits: limitsPassed(facts, part.recordedAt),
      })),
      hold: holdId === null ? null : await holdOf(provider, holdId),
      voidedAt: debit.voidedAt,
      checkpoint: firstEpoch === null ? null : await checkpointOf(firstEpoch),
    };
  }

  async function priceOf(debit: LoggedDebit) {
    const card = await rateCards.byVersion(debit.rateCardVersion);
    return card === null ? null : explainPrice(card, debit, debit.priceBasis);
  }

  async function holdOf(provider: Address, id: string) {
    const hold = await holds.find({ provider, id });
    if (hold === null) throw new Error(`the hold ${id} was found and is not there`);
    return {
      id,
      createdAt: hold.createdAt,
      expiresAt: hold.expiresAt,
      status: hold.resolution?.as ?? "open",
      capturedMicros: hold.capturedMicros,
      heldMicros: heldMicros(hold),
    };
  }

  async function checkpointOf(epoch: bigint) {
    const checkpoint = await checkpoints.byEpoch(epoch);
    // Dropped between the two looks: no checkpoint holds the event any more.
    if (checkpoint === null) return null;
    const { message, status, finalAt, transactionHash } = checkpoint;
    return { epoch, root: message.root, status, finalAt, transactionHash };
  }

  return router;
}

function total(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n);
}
