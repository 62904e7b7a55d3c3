import { isDeepStrictEqual } from "node:util";

import { z } from "zod";

import type { Rate, RateCard } from "../../domain/rates/rateCard.ts";
import type { Database, Sql } from "../../ports/database.ts";
import type { RateCardBook } from "../../ports/rateCardBook.ts";

/** Prices are kept as text in JSON: a JSON number would lose digits. */
const StoredRates = z.array(
  z.object({
    meter: z.string(),
    dimensions: z.record(z.string(), z.string()),
    microCredits: z.coerce.bigint(),
    perUnits: z.coerce.bigint(),
  }),
);

/** Serialises those who publish at the same time. */
const PUBLISH_LOCK = 7_310_002;

async function readRateCards(sql: Sql): Promise<readonly RateCard[]> {
  const records = await sql.query<{ version: number; effective_from: Date; card: unknown }>(
    "select version, effective_from, card from rate_cards order by version",
  );
  return records.map(({ version, effective_from: effectiveFrom, card }) => ({
    version,
    effectiveFrom,
    rates: StoredRates.parse(card),
  }));
}

/** Cards are never changed, so they are read again only where there is a newer one. */
export function cachedRateCards() {
  let cards: readonly RateCard[] = [];
  return async (sql: Sql, newestVersion: number): Promise<readonly RateCard[]> => {
    if (cards.at(-1)?.version !== newestVersion) cards = await readRateCards(sql);
    return cards;
  };
}

export function postgresRateCardBook(database: Database): RateCardBook {
  return {
    all: () => readRateCards(database),

    publish: ({ effectiveFrom, rates }) =>
      database.transaction(async (tx) => {
        await tx.query("select pg_advisory_xact_lock($1)", [PUBLISH_LOCK]);
        const [clock] = await tx.query<{ now: Date }>("select clock_timestamp() as now");
        const newest = (await readRateCards(tx)).at(-1);

        if (newest !== undefined && clock !== undefined) {
          if (isDeepStrictEqual(newest.rates, rates))
            return { published: "unchanged", card: newest };
          if (effectiveFrom <= newest.effectiveFrom || effectiveFrom <= clock.now) {
            return {
              published: "refused",
              because:
                `version ${newest.version} is in force from ${newest.effectiveFrom.toISOString()} and is never changed: ` +
                `give the new rates an "effectiveFrom" after that and after ${clock.now.toISOString()}`,
            };
          }
        }

        const version = (newest?.version ?? 0) + 1;
        await tx.query(
          "insert into rate_cards (version, effective_from, card) values ($1, $2, $3)",
          [version, effectiveFrom, JSON.stringify(rates.map(storedRate))],
        );
        return { published: "added", card: { version, effectiveFrom, rates } };
      }),
  };
}

function storedRate({ meter, dimensions, microCredits, perUnits }: Rate) {
  return { meter, dimensions, microCredits: `${microCredits}`, perUnits: `${perUnits}` };
}
