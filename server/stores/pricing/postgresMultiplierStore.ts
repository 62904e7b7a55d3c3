import type { Address } from "viem";

import { clamp } from "@compute-credits/rules/pricing/clamp";
import {
  type MultiplierStep,
  nextStepAt,
  stepMultiplier,
} from "@compute-credits/rules/pricing/multiplier";
import type { DynamicRate } from "@compute-credits/rules/pricing/rate";
import { type FoundRate, ratesInForce } from "@compute-credits/rules/pricing/rateIndex";
import { rateKey } from "@compute-credits/rules/pricing/rateKey";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import type { DynamicState, MultiplierStore } from "./multiplierStore.ts";
import { readPriceClock } from "./priceClock.ts";
import type { RateIndexCache } from "./rateIndexCache.ts";
import { bytea } from "@compute-credits/platform/postgres/values";

/**
 * Names an advisory lock: exclusive for the transaction that makes a step, shared by batches that
 * are being priced.
 */
export function multiplierLockName(rate: { provider: Address; rateKey: string }): string {
  return `multiplier ${rate.provider}/${rate.rateKey}`;
}

const COLUMNS = "step, effective_from, utilisation_bps, before_bps, after_bps, rate_card";

export interface StepRecord {
  readonly step: number;
  readonly effective_from: Date;
  readonly utilisation_bps: number;
  readonly before_bps: bigint;
  readonly after_bps: bigint;
  readonly rate_card: number;
}

export function createMultiplierStore(database: Database, rates: RateIndexCache): MultiplierStore {
  async function readRatesInForce(sql: Sql, provider: Address) {
    const { now, newestCard } = await readPriceClock(sql);
    const known = await rates.read(sql, newestCard, [provider]);
    return { now, found: ratesInForce(known.rates, provider, now) };
  }

  return {
    async report({ provider, meter, dimensions, utilisationBps }) {
      const { now: askedAt, found: all } = await readRatesInForce(database, provider);
      // Compares rate keys, because the operator or the provider may have published the card.
      const found = all.find(
        ({ card, key }) => key === rateKey(card.provider ?? null, { meter, dimensions }),
      );
      if (found === undefined) return { refusal: "unknown_rate" };
      if (found.rate.kind !== "dynamic") return { refusal: "rate_not_dynamic" };
      const { rate, key } = found;

      // Without the lock, which batches that are being priced share. Checked again under it.
      const before = await readLastStep(database, { provider, rateKey: key });
      const nextAt = before === null ? askedAt : nextStepAt(before, rate.multiplier);
      if (nextAt > new Date(askedAt.getTime() + 1)) {
        return { refusal: "step_too_soon", nextStepAt: nextAt, now: askedAt };
      }

      return await database.transaction(async (tx) => {
        await tx.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [
          multiplierLockName({ provider, rateKey: key }),
        ]);
        const { now } = await readPriceClock(tx);
        const last = await readLastStep(tx, { provider, rateKey: key });
        const rateCardVersion = found.card.version;
        // The next whole millisecond is later than any batch priced before this lock: their times
        // are whole milliseconds.
        const at = new Date(now.getTime() + 1);
        const step = stepMultiplier(last, { utilisationBps, rateCardVersion, at }, rate.multiplier);
        if ("tooSoonUntil" in step) {
          return { refusal: "step_too_soon", nextStepAt: step.tooSoonUntil, now };
        }
        await insertStep(tx, { provider, rateKey: key }, step);
        return { step, rate: stateOf(provider, { ...found, rate }, step, now) };
      });
    },

    async states(provider) {
      const { now, found: all } = await readRatesInForce(database, provider);
      const dynamic = all.flatMap((found) =>
        found.rate.kind === "dynamic" ? [{ ...found, rate: found.rate }] : [],
      );
      return await Promise.all(
        dynamic.map(async (found) =>
          stateOf(
            provider,
            found,
            await readLastStep(database, { provider, rateKey: found.key }),
            now,
          ),
        ),
      );
    },

    async steps({ provider, rateKey: key }, { before, limit }) {
      // Plan: multiplier_steps by primary key, backwards from the cursor.
      const records = await database.query<StepRecord>(
        `select ${COLUMNS} from multiplier_steps
         where provider = $1 and rate_key = $2 and ($3::integer is null or step < $3)
         order by step desc limit $4`,
        [bytea(provider), key, before, limit],
      );
      return records.map(toStep);
    },
  };
}

async function readLastStep(
  sql: Sql,
  { provider, rateKey: key }: { provider: Address; rateKey: string },
): Promise<MultiplierStep | null> {
  const [record] = await sql.query<StepRecord>(
    `select ${COLUMNS} from multiplier_steps where provider = $1 and rate_key = $2
     order by step desc limit 1`,
    [bytea(provider), key],
  );
  return record === undefined ? null : toStep(record);
}

async function insertStep(
  tx: Sql,
  { provider, rateKey: key }: { provider: Address; rateKey: string },
  step: MultiplierStep,
): Promise<void> {
  await tx.query(
    `insert into multiplier_steps (provider, rate_key, ${COLUMNS})
       values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      bytea(provider),
      key,
      step.step,
      step.effectiveFrom,
      `${step.utilisationBps}`,
      `${step.beforeBps}`,
      `${step.afterBps}`,
      step.rateCardVersion,
    ],
  );
}

function stateOf(
  provider: Address,
  found: FoundRate & { rate: DynamicRate },
  last: MultiplierStep | null,
  now: Date,
): DynamicState {
  const { startBps, minBps, maxBps } = found.rate.multiplier;
  const next = last === null ? now : nextStepAt(last, found.rate.multiplier);
  return {
    provider,
    found,
    multiplierBps: clamp(last?.afterBps ?? startBps, minBps, maxBps),
    stepCount: last?.step ?? 0,
    nextStepAt: next > now ? next : null,
  };
}

export function toStep(record: StepRecord): MultiplierStep {
  return {
    step: record.step,
    effectiveFrom: record.effective_from,
    utilisationBps: BigInt(record.utilisation_bps),
    beforeBps: record.before_bps,
    afterBps: record.after_bps,
    rateCardVersion: record.rate_card,
  };
}
