import type { SpenderId } from "@compute-credits/protocol/messages/spender";
import {
  type KnownEvent,
  type UsageRules,
  decideDebits,
  eventKey,
} from "@compute-credits/rules/usage/decideDebits";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import { confirmPrediction } from "@compute-credits/rules/usage/confirmPrediction";
import {
  type PredictedCharges,
  namesProvider,
  predictCharges,
} from "@compute-credits/rules/usage/predictCharges";
import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import { depletedAfter } from "@compute-credits/rules/spending/depleted";
import type { PriceState } from "@compute-credits/rules/pricing/priceDraft";
import type { Database, Sql, Transaction } from "@compute-credits/platform/postgres/database";
import type { UsageLedger } from "./usageLedger.ts";
import { readPriceClock } from "../pricing/priceClock.ts";
import type { PriceReader } from "../pricing/priceReader.ts";
import { StaleRead, withRetries } from "@compute-credits/platform/postgres/retry";
import { type LockedSpending, lockSpenders, writeSpending } from "./lockSpending.ts";
import {
  chargeOptimistically,
  readOptimisticSpending,
  corrections,
} from "./chargeOptimistically.ts";
import { answerUnchanged, correctRepetitions, isShort, removeShared } from "./answerUnchanged.ts";
import { removeGroupsOfUndecided, removeSplitGroups, withGroups } from "./eventGroups.ts";
import { createDepletedAllowances } from "./depletedAllowances.ts";
import { createEventMemory } from "./eventMemory.ts";
import { insertDebits, insertDebitsWithCommit } from "./insertDebits.ts";
import { readKnownDebits } from "./knownDebits.ts";
import { type Report, checkAccess } from "./report.ts";
import { createSpendingCaches } from "./spendingCaches.ts";
import { addTierUnits } from "../pricing/tierUsage.ts";
import { explainOutcomes } from "./explainRefusals.ts";
import { voidEvent } from "./voidEvent.ts";

export function createUsageLedger(
  database: Database,
  rules: UsageRules,
  priceReader: PriceReader,
  { allowances: allowanceCache, access } = createSpendingCaches(),
): UsageLedger {
  const depleted = createDepletedAllowances();
  const memory = createEventMemory(new Date());
  /** Runs each statement by index, like those of a debit. */
  const unlocked: Sql = {
    query: (text, values) =>
      database.transaction((tx) => tx.query(text, values), { nestedLoopPlan: true }),
  };
  const refusedSpenders = new Set<SpenderId>();

  /** Records a batch. Only events that will probably be debited lock their payers. */
  async function attempt(tries: number, report: Report): Promise<Outcomes> {
    const prediction = tries === 1 ? await predict(report) : null;
    const unlikely = withGroups(await unlikelyEvents(report, prediction), report.events);
    if (unlikely.length === 0) return await charge(report, prediction);

    const asked = unlikely.flatMap((index) => report.events[index] ?? []);
    const deps = { database, access, priceReader, rules };
    const answers = await answerUnchanged(deps, { ...report, events: asked });
    const outcomes = new Map<number, UsageOutcome>();
    for (const [n, answer] of answers.entries()) {
      const index = unlikely[n];
      if (answer === null || index === undefined) continue;
      outcomes.set(index, answer);
      if (isShort(answer)) noteRefused(report.events[index]);
    }

    removeShared(outcomes, prediction?.allowances ?? null, report.events);
    removeSplitGroups(outcomes, report.events);
    removeGroupsOfUndecided(outcomes, report.events);

    const left = [...report.events.keys()].filter((index) => !outcomes.has(index));
    const rest = { ...report, events: left.flatMap((index) => report.events[index] ?? []) };
    const next = prediction === null ? null : await predict(rest);
    // An event that was predicted to be refused, and is not, was predicted from old data.
    const charged = await charge(rest, next?.predicted.refused.length === 0 ? next : null);
    for (const [n, outcome] of charged.entries()) outcomes.set(left[n] ?? -1, outcome);
    correctRepetitions(outcomes, report.events);
    return [...report.events.keys()].flatMap((index) => outcomes.get(index) ?? []);
  }

  /** Predicts a batch from what was read before, without a lock and usually without a query. */
  async function predict({ events, asOfRevocations }: Report): Promise<Prediction> {
    const { allowances, upTo } = await allowanceCache.lookUp(unlocked, events);
    const { rates, upTo: ratesUpTo } = await priceReader.cachedRates(unlocked, events);
    const unnamed = events.filter(
      ({ provider }, index) => !namesProvider(allowances[index] ?? [], provider),
    );
    const hasAccess = await access.predict(unlocked, unnamed, asOfRevocations);
    const state = { now: new Date(), allowances, rates, isDepleted: depleted.has, hasAccess };
    return { allowances, upTo, ratesUpTo, predicted: predictCharges(events, state, rules) };
  }

  /**
   * The positions of events that will probably change nothing: repetitions, events that are
   * predicted to be refused, and those of spenders whose last event was. All, if nothing could be
   * predicted.
   */
  async function unlikelyEvents(
    { events }: Report,
    prediction: Prediction | null,
  ): Promise<readonly number[]> {
    if (prediction === null) return [...events.keys()];
    const { refused } = prediction.predicted;
    const old = events.filter((event) => memory.mayBeRecorded(event));
    const known = old.length === 0 ? NONE_KNOWN : await readKnownDebits(unlocked, old);
    if (known.size === 0 && refusedSpenders.size === 0) return refused;
    const isRefused = new Set(refused);
    return [...events.entries()].flatMap(([index, event]) =>
      isRefused.has(index) || refusedSpenders.has(event.spender) || known.has(eventKey(event))
        ? index
        : [],
    );
  }

  /** Debits events under the locks of their payers. */
  async function charge(report: Report, prediction: Prediction | null): Promise<Outcomes> {
    const { events } = report;
    if (events.length === 0) return [];
    const outcomes = await database.transaction(
      (tx) =>
        prediction === null ? recordLocked(tx, report) : recordOptimistic(tx, report, prediction),
      { nestedLoopPlan: true },
    );
    for (const [index, event] of events.entries()) {
      if (outcomes[index]?.result === "refused") noteRefused(event);
      else if (refusedSpenders.size > 0) refusedSpenders.delete(event.spender);
    }
    return outcomes;
  }

  /**
   * Only for refusals of providers with access: a stranger must not slow the spender's next event.
   */
  function noteRefused(event: UsageEvent | undefined): void {
    if (refusedSpenders.size > MAX_REFUSED_SPENDERS) refusedSpenders.clear();
    if (event !== undefined) refusedSpenders.add(event.spender);
  }

  /**
   * Charges the predicted amounts first, then checks the prediction under the locks. On a mismatch,
   * decides again from the state before the charges and writes the corrections.
   */
  async function recordOptimistic(
    tx: Transaction,
    { events, asOfRevocations }: Report,
    { allowances, upTo, ratesUpTo, predicted }: Prediction,
  ): Promise<Outcomes> {
    // The accounts of an event that was predicted as refused would not be locked.
    if (predicted.refused.length > 0) throw new StaleRead("an allowance ended in the meantime");
    const charged = await chargeOptimistically(tx, predicted);
    if (charged.arrivals > upTo) {
      await allowanceCache.addArrivals(tx, charged.arrivals);
      // Most arrivals are of other spenders: strangers must not make every batch start again.
      if (!allowanceCache.holds(events, allowances)) {
        throw new StaleRead("a spender's allowances changed since the cached ones were read");
      }
    }
    checkAccess(charged.clock, asOfRevocations);
    const hasAccess = await access.read(tx, events, charged.clock);

    const { now, newestCard, frozenAt } = charged.clock;
    const areRatesInForce = frozenAt === null && newestCard === ratesUpTo;
    if (charged.isAsPredicted && areRatesInForce) {
      const confirmed = confirmPrediction(events, predicted, { now, hasAccess, allowances }, rules);
      if (confirmed !== null) {
        insertDebitsWithCommit(tx, confirmed.debits, now);
        return confirmed.outcomes;
      }
    }

    const cachedAllowances = [...new Set(allowances)].flat();
    const spending = await readOptimisticSpending(tx, predicted, charged, cachedAllowances);
    const prices = await readPrices(tx, events, spending);
    const state = { ...spending, hasAccess, prices };
    const first = decideDebits(events, { ...state, known: new Map() }, rules);
    const refused = events.filter((_, index) => first.outcomes[index]?.result === "refused");
    // A repeated event that would be debited violates the primary key at the insert. Only refused
    // events may be repetitions that the insert does not notice.
    const known = refused.length === 0 ? NONE_KNOWN : await readKnownDebits(tx, refused);
    const decision = known.size === 0 ? first : decideDebits(events, { ...state, known }, rules);

    await insertDebits(tx, decision.debits, spending.now);
    await addTierUnits(tx, decision.tierUnits);
    await writeSpending(tx, corrections(spending, decision));
    depleted.note(depletedAfter(spending, decision));
    return await explainOutcomes(tx, events, decision.outcomes);
  }

  /**
   * Locks and reads everything, then decides and writes. The fallback after a failed optimistic
   * attempt.
   */
  async function recordLocked(tx: Sql, { events, asOfRevocations }: Report): Promise<Outcomes> {
    const spending = await lockSpenders(tx, new Set(events.map(({ spender }) => spender)));
    checkAccess(spending, asOfRevocations);
    const hasAccess = await access.read(tx, events, spending);
    const known = await readKnownDebits(tx, events);
    const prices = await readPrices(tx, events, spending);
    const decision = decideDebits(events, { ...spending, hasAccess, known, prices }, rules);

    await insertDebits(tx, decision.debits, spending.now);
    await addTierUnits(tx, decision.tierUnits);
    await writeSpending(tx, decision);
    depleted.note(depletedAfter(spending, decision));
    return await explainOutcomes(tx, events, decision.outcomes);
  }

  function readPrices(
    tx: Sql,
    events: readonly UsageEvent[],
    { now, newestCard, accounts }: LockedSpending,
  ): Promise<PriceState> {
    return priceReader.read(tx, events, { now, newestCard, accounts: [...accounts.keys()] });
  }

  return {
    async record(events, asOfRevocations) {
      if (events.length === 0) {
        if (asOfRevocations !== undefined) {
          checkAccess(await readPriceClock(database), asOfRevocations);
        }
        return [];
      }
      const outcomes = await withRetries((tries) => attempt(tries, { events, asOfRevocations }));
      for (const [index, event] of events.entries()) {
        if (isInLog(outcomes[index])) memory.remember(event);
      }
      return outcomes;
    },

    void: (event) => voidEvent(database, event),
  };
}

type Outcomes = readonly UsageOutcome[];

/** What a batch is charged before anything is read under locks, and what that was derived from. */
interface Prediction {
  readonly predicted: PredictedCharges;
  readonly allowances: readonly (readonly Allowance[])[];
  readonly upTo: bigint;
  /** the version that the rates were complete for */
  readonly ratesUpTo: number;
}

function isInLog(outcome: UsageOutcome | undefined): boolean {
  if (outcome === undefined) return false;
  return outcome.result === "debited" || outcome.refusal.reason === "event_id_conflict";
}

const NONE_KNOWN: ReadonlyMap<string, KnownEvent> = new Map();

/** About 200 bytes each. */
const MAX_REFUSED_SPENDERS = 20_000;
