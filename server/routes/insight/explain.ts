import { Router } from "express";
import type { Address } from "viem";

import { explainEvent, explainEventById } from "@compute-credits/api/insight/explain";
import { heldMicros } from "@compute-credits/rules/holds/hold";
import { limitsPassed } from "@compute-credits/rules/insight/limitsPassed";
import { explainPrice } from "@compute-credits/rules/insight/priceExplanation";
import { mount } from "../../http/mount.ts";
import { fail } from "../../http/problem.ts";
import type { CheckpointStore } from "../../stores/checkpoints/checkpointStore.ts";
import type { HoldStore } from "../../stores/holds/holdStore.ts";
import type {
  ExplainedPart,
  InsightStore,
  LoggedDebit,
} from "../../stores/insight/insightStore.ts";
import type { ReaderCheck } from "./readerAccess.ts";
import type { RateCardStore } from "../../stores/pricing/rateCardStore.ts";

export interface ExplainDeps {
  readonly insight: Pick<InsightStore, "explain">;
  readonly checkReader: ReaderCheck;
  readonly rateCards: Pick<RateCardStore, "byVersion">;
  readonly holds: Pick<HoldStore, "find">;
  readonly checkpoints: Pick<CheckpointStore, "byEpoch">;
}

export function explainRoutes(deps: ExplainDeps): Router {
  const router = Router();

  mount(router, explainEventById, async ({ req, read, answer }) => {
    const { params, query } = read();
    await deps.checkReader(req, params.provider);
    return answer(200, await explain(deps, params.provider, query.eventId));
  });

  mount(router, explainEvent, async ({ req, read, answer }) => {
    const { provider, eventId } = read().params;
    await deps.checkReader(req, provider);
    return answer(200, await explain(deps, provider, eventId));
  });

  return router;
}

async function explain(
  { insight, rateCards, holds, checkpoints }: ExplainDeps,
  provider: Address,
  id: string,
) {
  const explained = await insight.explain({ provider, id });
  const [first] = explained?.parts ?? [];
  if (explained === null || first === undefined) {
    throw fail(
      404,
      "event_not_found",
      "This provider has no debited event with this id. Check the id.",
    );
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
    price: await describePrice(rateCards, debit),
    costMicros: parts.reduce((sum, part) => sum + part.debit.amountMicros, 0n),
    feeMicros: parts.reduce((sum, part) => sum + part.debit.feeMicros, 0n),
    charges: parts.map(describeCharge),
    hold: holdId === null ? null : await describeHold(holds, { provider, id: holdId }),
    voidedAt: debit.voidedAt,
    checkpoint: firstEpoch === null ? null : await describeCheckpoint(checkpoints, firstEpoch),
  };
}

async function describePrice(rateCards: ExplainDeps["rateCards"], debit: LoggedDebit) {
  const card = await rateCards.byVersion(debit.rateCardVersion);
  return card === null ? null : explainPrice(card, debit, debit.priceBasis);
}

function describeCharge({ debit, facts }: ExplainedPart) {
  const { account, allowance, amountMicros, feeMicros, recordedAt } = debit;
  return {
    account,
    allowance,
    priority: facts.budget.allowance.message.priority,
    amountMicros,
    feeMicros,
    earnedMicros: amountMicros - feeMicros,
    limits: limitsPassed(facts, recordedAt),
  };
}

async function describeHold(
  holds: ExplainDeps["holds"],
  { provider, id }: { readonly provider: Address; readonly id: string },
) {
  const hold = await holds.find({ provider, id });
  if (hold === null) throw new Error(`the event's hold ${id} is not in the database`);
  return {
    id,
    createdAt: hold.createdAt,
    expiresAt: hold.expiresAt,
    status: hold.resolution?.as ?? ("open" as const),
    capturedMicros: hold.capturedMicros,
    heldMicros: heldMicros(hold),
  };
}

/** `null` if the checkpoint was dropped since it was looked up: then none holds the event. */
async function describeCheckpoint(checkpoints: ExplainDeps["checkpoints"], epoch: bigint) {
  const checkpoint = await checkpoints.byEpoch(epoch);
  if (checkpoint === null) return null;
  const { message, status, finalAt, transactionHash } = checkpoint;
  return { epoch, root: message.root, status, finalAt, transactionHash };
}
