import { type Request, Router } from "express";
import type { Address } from "viem";

import { explainEvent, explainEventById } from "@compute-credits/api/insight/explain";
import { capturedMicros, heldMicros } from "@compute-credits/rules/holds/hold";
import { limitsPassed } from "@compute-credits/rules/insight/limitsPassed";
import { explainPrice } from "@compute-credits/rules/insight/priceExplanation";
import type { RateCard } from "@compute-credits/rules/pricing/rateCard";
import { mount } from "../../http/mount.ts";
import type { Permit } from "../../http/permit.ts";
import { type ProblemError, fail } from "../../http/problem.ts";
import type { CheckpointStore } from "../../stores/checkpoints/checkpointStore.ts";
import type { EvidenceStore } from "../../stores/evidence/evidenceStore.ts";
import type { HoldStore } from "../../stores/holds/holdStore.ts";
import type {
  ExplainedPart,
  InsightStore,
  LoggedDebit,
} from "../../stores/insight/insightStore.ts";
import type { RateCardStore } from "../../stores/pricing/rateCardStore.ts";

export interface ExplainDeps {
  readonly insight: Pick<InsightStore, "explain" | "partiesOf">;
  readonly permit: Permit;
  readonly rateCards: Pick<RateCardStore, "byVersion">;
  readonly holds: Pick<HoldStore, "find">;
  readonly checkpoints: Pick<CheckpointStore, "byEpoch">;
  readonly evidence: Pick<EvidenceStore, "find">;
}

export function explainRoutes(deps: ExplainDeps): Router {
  const router = Router();

  mount(router, explainEventById, async ({ req, read, answer }) => {
    const { params, query } = read();
    const event = { provider: params.provider, id: query.eventId };
    return answer(200, await explainTo(deps, req, event));
  });

  mount(router, explainEvent, async ({ req, read, answer }) => {
    const { provider, eventId } = read().params;
    const event = { provider, id: eventId };
    return answer(200, await explainTo(deps, req, event));
  });

  return router;
}

async function explainTo(deps: ExplainDeps, req: Request, event: EventKey) {
  const explanation = await explain(deps, event, await readerOf(deps, req, event));
  return { ...explanation, evidence: await readEvidence(deps, req, event) };
}

/** Who reads evidence: the payer, and auditors. The provider knows it, and others need it not. */
const EVIDENCE_READERS = { callers: ["owner", "viewKey", "auditor"] } as const;

async function readEvidence(
  { insight, permit, evidence }: ExplainDeps,
  req: Request,
  event: EventKey,
) {
  const found = await evidence.find(event);
  if (found === null) return null;
  const accounts = (await insight.partiesOf(event))?.accounts ?? [];
  for (const account of accounts) {
    // oxlint-disable-next-line no-await-in-loop -- few accounts pay for one event
    if (await permit.isPermitted(EVIDENCE_READERS, req, { account })) {
      const { eventId: _, ...shown } = found;
      return shown;
    }
  }
  return null;
}

interface EventKey {
  readonly provider: Address;
  readonly id: string;
}

/** Who reads: all of the event's parties, or one account that paid a part. */
type EventReader = "all" | { readonly account: Address };

/**
 * Throws the same 404 to all others, whether the event exists or not. Looks the parties up before
 * the work of an explanation.
 */
async function readerOf(
  { insight, permit }: ExplainDeps,
  req: Request,
  event: EventKey,
): Promise<EventReader> {
  const { provider } = event;
  if (await permit.isPermitted(explainEvent, req, { provider })) return "all";
  const parties = await insight.partiesOf(event);
  if (parties === null) throw eventNotFound();
  const { spender, accounts } = parties;
  if (await permit.isPermitted(explainEvent, req, { spender })) return "all";
  for (const account of accounts) {
    // oxlint-disable-next-line no-await-in-loop -- few accounts pay for one event
    if (await permit.isPermitted(explainEvent, req, { account })) return { account };
  }
  throw eventNotFound();
}

function eventNotFound(): ProblemError {
  return fail(
    404,
    "event_not_found",
    "This provider has no debited event with this id that these credentials may read. Check both.",
  );
}

async function explain(
  { insight, rateCards, holds, checkpoints }: ExplainDeps,
  { provider, id }: EventKey,
  reader: EventReader,
) {
  const explained = await insight.explain({ provider, id });
  const all = explained?.parts ?? [];
  const parts =
    reader === "all" ? all : all.filter(({ debit }) => debit.account === reader.account);
  const [first] = parts;
  if (explained === null || first === undefined) throw eventNotFound();
  const { holdId, firstEpoch } = explained;
  const { debit } = first;
  // The whole price and hold tell what the other accounts paid.
  const isWhole = parts.length === all.length;
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
    price: isWhole ? await describePrice(rateCards, debit) : null,
    costMicros: parts.reduce((sum, part) => sum + part.debit.amountMicros, 0n),
    feeMicros: parts.reduce((sum, part) => sum + part.debit.feeMicros, 0n),
    charges: parts.map(describeCharge),
    hold: holdId === null || !isWhole ? null : await describeHold(holds, { provider, id: holdId }),
    voidedAt: debit.voidedAt,
    checkpoint: firstEpoch === null ? null : await describeCheckpoint(checkpoints, firstEpoch),
  };
}

async function describePrice(rateCards: ExplainDeps["rateCards"], debit: LoggedDebit) {
  const versions = new Set([
    debit.rateCardVersion,
    ...(debit.priceBasis?.lots ?? []).map((lot) => lot.rateCardVersion),
  ]);
  const cards = new Map<number, RateCard>();
  for (const version of versions) {
    // oxlint-disable-next-line no-await-in-loop -- nearly always one
    const card = await rateCards.byVersion(version);
    if (card === null) return null;
    cards.set(version, card);
  }
  return explainPrice(cards, debit, debit.priceBasis);
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
    capturedMicros: capturedMicros(hold),
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
