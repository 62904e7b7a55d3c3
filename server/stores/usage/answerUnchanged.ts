import type { Address } from "viem";

import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import {
  type KnownEvent,
  type LedgerState,
  type UsageRules,
  decideDebits,
  eventKey,
} from "@compute-credits/rules/usage/decideDebits";
import type { Debited, UsageOutcome } from "@compute-credits/rules/usage/outcome";
import type { CreditShortage } from "@compute-credits/rules/spending/room";
import { type UsageEvent, isSamePayload } from "@compute-credits/rules/usage/usageEvent";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import type { AccessCache } from "./accessCache.ts";
import { decisionOrder } from "./eventGroups.ts";
import { readKnownDebits } from "./knownDebits.ts";
import { readSpenders } from "./lockSpending.ts";
import { type Report, checkAccess } from "./report.ts";
import { explainOutcomes } from "./explainRefusals.ts";
import type { PriceReader } from "../pricing/priceReader.ts";

export interface UnchangedDeps {
  readonly database: Database;
  readonly access: AccessCache;
  readonly priceReader: PriceReader;
  readonly rules: UsageRules;
}

/**
 * Decides events on one snapshot, without a lock. Returns for each the outcome, if it changes
 * nothing: a repetition or a refusal. `null` for an event that would be debited, which is decided
 * again under the locks of its payers.
 */
export async function answerUnchanged(
  { database, access, priceReader, rules }: UnchangedDeps,
  { events, asOfRevocations }: Report,
): Promise<readonly (UsageOutcome | null)[]> {
  return await database.transaction(
    async (tx) => {
      const state = await readSnapshot(tx, { access, priceReader }, { events, asOfRevocations });
      const known = await readKnownDebits(tx, events);
      const decision = decideDebits(events, { ...state, known }, rules);
      const outcomes = await explainOutcomes(tx, events, decision.outcomes);
      return outcomes.map((outcome, index) => unchanged(events[index], outcome, known));
    },
    { isolation: "repeatable read", nestedLoopPlan: true },
  );
}

/** Reads all that a decision about new events depends on, without a lock. */
export async function readSnapshot(
  tx: Sql,
  { access, priceReader }: Pick<UnchangedDeps, "access" | "priceReader">,
  { events, asOfRevocations }: Report,
): Promise<Omit<LedgerState, "known">> {
  const spending = await readSpenders(tx, new Set(events.map(({ spender }) => spender)));
  checkAccess(spending, asOfRevocations);
  const hasAccess = await access.read(tx, events, spending);
  const { now, newestCard, accounts } = spending;
  const moment = { now, newestCard, accounts: [...accounts.keys()], isFinal: false };
  const prices = await priceReader.read(tx, events, moment);
  return { ...spending, hasAccess, prices };
}

/** The outcome, unless it writes something or depends on an event that does. */
function unchanged(
  event: UsageEvent | undefined,
  outcome: UsageOutcome,
  known: ReadonlyMap<string, KnownEvent>,
): UsageOutcome | null {
  if (event !== undefined && known.has(eventKey(event))) return outcome;
  // Here another event of the batch has the id.
  const isConflict = outcome.result === "refused" && outcome.refusal.reason === "event_id_conflict";
  return outcome.result === "debited" || isConflict ? null : outcome;
}

/**
 * Removes shortages from `outcomes` that may depend on an earlier event, which is yet to be
 * charged: one that the same account may pay. `null` means that any account may. Of a group that is
 * refused for another reason, an earlier member may be short then, and is the one to name.
 */
export function removeShared(
  outcomes: Map<number, UsageOutcome>,
  allowances: readonly (readonly Allowance[])[] | null,
  events: readonly UsageEvent[],
): void {
  const charged = new Set<Address | null>();
  for (const [index, { group }] of events.entries()) {
    const payers = allowances?.[index]?.map(({ message }) => message.account) ?? [null];
    const outcome = outcomes.get(index);
    if (outcome !== undefined) {
      const mayDepend = isShort(outcome) || (group !== undefined && outcome.result === "refused");
      if (!mayDepend || !payers.some((payer) => charged.has(payer))) continue;
      outcomes.delete(index);
    }
    for (const payer of payers) charged.add(payer);
  }
}

/**
 * Corrects refusals of events whose id an earlier event of the batch has, which was charged after
 * they were decided: they are its repetition, or a conflict. Groups were decided with such events.
 */
export function correctRepetitions(
  outcomes: Map<number, UsageOutcome>,
  events: readonly UsageEvent[],
): void {
  const debited = new Map<string, { event: UsageEvent; outcome: Debited }>();
  for (const index of decisionOrder(events)) {
    const event = events[index];
    const outcome = outcomes.get(index);
    if (event === undefined) continue;
    const first = debited.get(eventKey(event));
    if (outcome?.result === "debited") {
      if (first === undefined) debited.set(eventKey(event), { event, outcome });
    } else if (first !== undefined && event.group === undefined) {
      outcomes.set(
        index,
        isSamePayload(first.event, event)
          ? { ...first.outcome, repeated: true }
          : { result: "refused", refusal: { reason: "event_id_conflict" } },
      );
    }
  }
}

/** Whether the event was refused because credits or a limit are used up. */
export function isShort(outcome: UsageOutcome): boolean {
  return outcome.result === "refused" && Object.hasOwn(SHORTAGES, outcome.refusal.reason);
}

/** As a record, so that the compiler asks for each new one. */
const SHORTAGES: Readonly<Record<CreditShortage, true>> = {
  insufficient_credits: true,
  allowance_exhausted: true,
  campaign_exhausted: true,
  account_cap_reached: true,
  cap_not_recorded: true,
};
