import type { Address, Hex } from "viem";

import type { Charge } from "@compute-credits/rules/spending/spendingDraft";
import {
  type KnownEvent,
  type UsageRules,
  decideDebits,
  eventKey,
} from "@compute-credits/rules/usage/decideDebits";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { UsageOutcome } from "@compute-credits/rules/usage/outcome";
import { confirmPrediction } from "@compute-credits/rules/usage/confirmPrediction";
import { predictCharges } from "@compute-credits/rules/usage/predictCharges";
import type { PriceState } from "@compute-credits/rules/pricing/priceDraft";
import type { Database, Sql, Transaction } from "@compute-credits/platform/postgres/database";
import { StaleAccessError } from "./staleAccess.ts";
import type { UsageLedger } from "./usageLedger.ts";
import { createAllowanceCache } from "../allowances/allowanceCache.ts";
import { type PriceClock, readPriceClock } from "../pricing/priceClock.ts";
import type { PriceReader } from "../pricing/priceReader.ts";
import { StaleRead, withRetries } from "@compute-credits/platform/postgres/retry";
import { type LockedSpending, lockSpenders, writeSpending } from "./lockSpending.ts";
import {
  chargeOptimistically,
  readOptimisticSpending,
  corrections,
} from "./chargeOptimistically.ts";
import { createAccessCache } from "./accessCache.ts";
import { insertDebits, insertDebitsWithCommit } from "./insertDebits.ts";
import { addTierUnits } from "../pricing/tierUsage.ts";
import { byteaArray, textArray } from "@compute-credits/platform/postgres/values";
import { voidEvent } from "./voidEvent.ts";

export function createUsageLedger(
  database: Database,
  rules: UsageRules,
  priceReader: PriceReader,
): UsageLedger {
  const readAccess = createAccessCache();
  const allowanceCache = createAllowanceCache();

  /**
   * Charges the predicted amounts first, then checks the prediction under the locks. On a mismatch,
   * decides again from the state before the charges and writes the corrections.
   */
  async function recordOptimistic(
    tx: Transaction,
    { events, asOfRevocations }: Report,
  ): Promise<Outcomes> {
    const { allowances, upTo } = await allowanceCache.lookUp(tx, events);
    const rates = await priceReader.cachedRates(tx);
    const predicted = predictCharges(events, { now: new Date(), allowances, rates });
    const charged = await chargeOptimistically(tx, predicted);
    if (charged.arrivals > upTo) {
      await allowanceCache.addArrivals(tx, charged.arrivals);
      throw new StaleRead("allowances were added since the cached ones were read");
    }
    checkAccess(charged.clock, asOfRevocations);
    const hasAccess = await readAccess(tx, events, charged.clock);

    const { now, newestCard, frozenAt } = charged.clock;
    const areRatesInForce =
      frozenAt === null && (await priceReader.readRates(tx, newestCard)) === rates;
    if (charged.allCharged && areRatesInForce) {
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
    const known = refused.length === 0 ? new Map() : await readKnownDebits(tx, refused);
    const decision = known.size === 0 ? first : decideDebits(events, { ...state, known }, rules);

    await insertDebits(tx, decision.debits, spending.now);
    await addTierUnits(tx, decision.tierUnits);
    await writeSpending(tx, corrections(spending, decision));
    return decision.outcomes;
  }

  /**
   * Locks and reads everything, then decides and writes. The fallback after a failed optimistic
   * attempt.
   */
  async function recordLocked(tx: Sql, { events, asOfRevocations }: Report): Promise<Outcomes> {
    const spending = await lockSpenders(tx, new Set(events.map(({ spender }) => spender)));
    checkAccess(spending, asOfRevocations);
    const hasAccess = await readAccess(tx, events, spending);
    const known = await readKnownDebits(tx, events);
    const prices = await readPrices(tx, events, spending);
    const decision = decideDebits(events, { ...spending, hasAccess, known, prices }, rules);

    await insertDebits(tx, decision.debits, spending.now);
    await addTierUnits(tx, decision.tierUnits);
    await writeSpending(tx, decision);
    return decision.outcomes;
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
      const report = { events, asOfRevocations };
      return await withRetries((tries) =>
        database.transaction(
          (tx) => (tries === 1 ? recordOptimistic(tx, report) : recordLocked(tx, report)),
          { nestedLoopPlan: true },
        ),
      );
    },

    void: (event) => voidEvent(database, event),
  };
}

type Outcomes = readonly UsageOutcome[];

/** The arguments of `UsageLedger.record`. */
interface Report {
  readonly events: readonly UsageEvent[];
  readonly asOfRevocations: bigint | undefined;
}

function checkAccess({ accessRevocations }: PriceClock, asOf: bigint | undefined): void {
  if (asOf !== undefined && accessRevocations > asOf) throw new StaleAccessError();
}

interface KnownRecord extends Charge {
  provider: Address;
  event_id: string;
  payload_hash: Hex | null;
  spender: Hex;
  meter: string;
  quantity: bigint;
  dimensions: Record<string, string>;
  occurred_at: Date;
  rate_card: number;
  recorded_at: Date;
}

/** Reads which of the events were debited before, with their outcomes. */
export async function readKnownDebits(
  tx: Sql,
  events: readonly Pick<UsageEvent, "provider" | "id">[],
): Promise<Map<string, KnownEvent>> {
  // Plan: debits by primary key.
  const records = await tx.query<KnownRecord>(
    `select provider, event_id, payload_hash, spender, meter, quantity, dimensions, occurred_at,
       rate_card, recorded_at, account, allowance, amount_micros as "amountMicros"
     from (select distinct * from unnest($1::bytea[], $2::text[])) as asked (provider, event_id)
     join debits using (provider, event_id)
     order by provider, event_id, part`,
    [byteaArray(events.map(({ provider }) => provider)), textArray(events.map(({ id }) => id))],
  );

  const byEvent = Map.groupBy(records, ({ provider, event_id: id }) => eventKey({ provider, id }));
  const known = new Map<string, KnownEvent>();
  for (const [key, parts] of byEvent) {
    const [first] = parts;
    if (first === undefined) continue;
    const charges = parts.map(({ account, allowance, amountMicros }) => ({
      account,
      allowance,
      amountMicros,
    }));
    known.set(key, {
      payload: first.payload_hash ?? { ...first, occurredAt: first.occurred_at },
      outcome: {
        result: "debited",
        costMicros: charges.reduce((sum, { amountMicros }) => sum + amountMicros, 0n),
        rateCardVersion: first.rate_card,
        charges,
        recordedAt: first.recorded_at,
        repeated: true,
      },
    });
  }
  return known;
}
