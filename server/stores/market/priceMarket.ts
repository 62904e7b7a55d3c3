import type { Address } from "viem";

import { jsonText } from "@compute-credits/protocol/jsonText";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { bytea, byteaArray, textArray } from "@compute-credits/platform/postgres/values";
import {
  type BasketLine,
  type RankedOffer,
  compareOffers,
  rankOffers,
} from "@compute-credits/rules/market/rankOffers";
import { multiplierKey } from "@compute-credits/rules/pricing/priceDraft";
import { type RateIndex, findRate, indexRates } from "@compute-credits/rules/pricing/rateIndex";
import { toRates } from "@compute-credits/rules/pricing/rateJson";
import type { RateCard } from "@compute-credits/rules/pricing/rateCard";
import { readClock } from "@compute-credits/platform/postgres/clock";
import type { MarketQuery, OfferLine, PricedOffer, ReportedUtilisation } from "./marketStore.ts";

export interface PricedMarket {
  readonly asOf: Date;
  /** the cheapest first */
  readonly offers: readonly PricedOffer[];
}

/** Cards are read for so many providers at a time, so that they need not fit into memory. */
const CHUNK = 50;

/**
 * Prices a basket at every listed and approved provider, with the cards and multipliers in force at
 * one time. Reads of a card only the rates of the basket's meters.
 */
export async function priceMarket(
  sql: Sql,
  { basket, match, region }: MarketQuery,
  { isAutomatic }: { readonly isAutomatic: boolean },
): Promise<PricedMarket> {
  const at = await readClock(sql);
  const meters = [...new Set(basket.map(({ meter }) => meter))];
  const operators = indexRates(await readOperatorsCard(sql, { meters, at }));
  const offers: PricedOffer[] = [];
  let after: Address | null = null;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- each chunk begins after the one before
    const chunk = await readChunk(sql, { meters, at, region, isAutomatic, after });
    const providers = chunk.map(({ provider }) => provider);
    const rates = indexRates(
      chunk.flatMap(({ card }) => card ?? []),
      operators,
    );
    // oxlint-disable-next-line no-await-in-loop -- as above
    const steps = await readSteps(sql, { basket, providers, rates, at });
    const multipliers = new Map([...steps].map(([key, { afterBps }]) => [key, afterBps]));
    const state = { rates, multipliers, usedUnits: new Map<string, bigint>() };
    const ranked = rankOffers(basket, providers, { state, at, match });
    offers.push(...ranked.map((offer) => describe(offer, steps, at)));
    if (chunk.length < CHUNK) break;
    after = providers.at(-1) ?? null;
  }
  return { asOf: at, offers: offers.toSorted(compareOffers) };
}

interface CardInForce {
  readonly version: number;
  readonly effectiveFrom: Date;
  readonly rates: unknown;
}

/** SQL: the rates of a card whose meter is in the parameter. A rate's place decides nothing. */
const ratesOfMeters = (meters: string) =>
  `(select coalesce(jsonb_agg(rate), '[]'::jsonb) from jsonb_array_elements(rate_cards.card) as rate
    where rate->>'meter' = any(${meters}::text[]))`;

async function readOperatorsCard(
  sql: Sql,
  { meters, at }: { readonly meters: readonly string[]; readonly at: Date },
): Promise<readonly RateCard[]> {
  // Plan: one_card_at_a_time backwards, one row.
  const cards = await sql.query<CardInForce>(
    `select version, effective_from as "effectiveFrom", ${ratesOfMeters("$1")} as rates
     from rate_cards where provider is null and effective_from <= $2
     order by effective_from desc limit 1`,
    [textArray(meters), at],
  );
  return cards.map((card) => ({ ...card, provider: null, rates: toRates(card.rates) }));
}

interface Candidate {
  readonly provider: Address;
  readonly card: RateCard | null;
}

async function readChunk(
  sql: Sql,
  {
    meters,
    at,
    region,
    isAutomatic,
    after,
  }: {
    readonly meters: readonly string[];
    readonly at: Date;
    readonly region: string | null;
    readonly isAutomatic: boolean;
    readonly after: Address | null;
  },
): Promise<readonly Candidate[]> {
  // Plan: listed_profiles from the cursor, then one_card_at_a_time backwards, one row each.
  const records = await sql.query<
    Omit<CardInForce, "version"> & {
      readonly provider: Address;
      readonly version: number | null;
    }
  >(
    `select listed.provider, version, effective_from as "effectiveFrom", rates
     from (select provider from provider_profiles left join provider_approvals using (provider)
           where listed and coalesce(approved, $3)
             and ($4::text is null or $4 = any(regions))
             and ($5::bytea is null or provider > $5)
           order by provider limit ${CHUNK}) as listed
     left join lateral (
       select version, effective_from, ${ratesOfMeters("$1")} as rates from rate_cards
       where rate_cards.provider = listed.provider and effective_from <= $2
       order by effective_from desc limit 1
     ) as newest on true
     order by listed.provider`,
    [textArray(meters), at, isAutomatic, region, after === null ? null : bytea(after)],
  );
  return records.map(({ provider, version, effectiveFrom, rates }) => ({
    provider,
    card: version === null ? null : { version, provider, effectiveFrom, rates: toRates(rates) },
  }));
}

interface Step extends ReportedUtilisation {
  readonly afterBps: bigint;
}

/** Reads the last step of each dynamic rate that a basket needs, by `multiplierKey`. */
async function readSteps(
  sql: Sql,
  {
    basket,
    providers,
    rates,
    at,
  }: {
    readonly basket: readonly BasketLine[];
    readonly providers: readonly Address[];
    readonly rates: RateIndex;
    readonly at: Date;
  },
): Promise<ReadonlyMap<string, Step>> {
  const asked = new Map<string, { readonly provider: Address; readonly rateKey: string }>();
  for (const provider of providers) {
    for (const line of basket) {
      const found = findRate(rates, { provider, ...line }, at);
      if (typeof found === "string" || found.rate.kind !== "dynamic") continue;
      asked.set(jsonText([provider, found.key]), { provider, rateKey: found.key });
    }
  }
  if (asked.size === 0) return new Map();
  const all = [...asked.values()];
  // Plan: multiplier_steps_by_time backwards, one row per rate.
  const records = await sql.query<{
    provider: Address;
    rateKey: string;
    afterBps: bigint;
    utilisationBps: number;
    reportedAt: Date;
  }>(
    `select asked.provider, asked.rate_key as "rateKey", after_bps as "afterBps",
       utilisation_bps as "utilisationBps", effective_from as "reportedAt"
     from unnest($1::bytea[], $2::text[]) as asked (provider, rate_key)
     cross join lateral (
       select after_bps, utilisation_bps, effective_from from multiplier_steps as step
       where step.provider = asked.provider and step.rate_key = asked.rate_key
         and step.effective_from <= $3
       order by step.effective_from desc limit 1
     ) as newest`,
    [
      byteaArray(all.map(({ provider }) => provider)),
      textArray(all.map(({ rateKey }) => rateKey)),
      at,
    ],
  );
  return new Map(
    records.map(({ provider, rateKey, afterBps, utilisationBps, reportedAt }) => [
      multiplierKey({ provider, rateKey, at }),
      { afterBps, utilisationBps: BigInt(utilisationBps), reportedAt },
    ]),
  );
}

/** Keeps of each line its own rate, and not the whole card. */
function describe(
  { provider, totalMicros, lines }: RankedOffer,
  steps: ReadonlyMap<string, Step>,
  at: Date,
): PricedOffer {
  return {
    provider,
    totalMicros,
    lines: lines.map(({ costMicros, found, pinned }): OfferLine => {
      const step = steps.get(multiplierKey({ provider, rateKey: found.key, at }));
      const { rateCardVersion } = pinned;
      const multiplierBps = pinned.kind === "dynamic" ? pinned.multiplierBps : null;
      const utilisation =
        step === undefined
          ? null
          : { utilisationBps: step.utilisationBps, reportedAt: step.reportedAt };
      const { key: rateKey, rate } = found;
      return { costMicros, rateCardVersion, rate, rateKey, multiplierBps, utilisation };
    }),
  };
}
