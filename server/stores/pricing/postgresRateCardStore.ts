import { isDeepStrictEqual } from "node:util";

import type { Address } from "viem";

import {
  type CardProposal,
  type PublicationRules,
  scheduleCard,
} from "@compute-credits/rules/pricing/publication";
import type { Rate } from "@compute-credits/rules/pricing/rate";
import type { RateCard } from "@compute-credits/rules/pricing/rateCard";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import type { PublishResult, RateCardStore } from "./rateCardStore.ts";
import { ADVISORY_LOCK } from "@compute-credits/platform/postgres/advisoryLocks";
import { checkBound } from "../providers/providerBounds.ts";
import { readPriceClock } from "./priceClock.ts";
import { fromRates, toRates } from "@compute-credits/rules/pricing/rateJson";
import { bytea, byteaArray } from "@compute-credits/platform/postgres/values";

const COLUMNS = "version, provider, effective_from, card";

interface CardRecord {
  readonly version: number;
  readonly provider: Address | null;
  readonly effective_from: Date;
  readonly card: unknown;
}

/** A publisher's cards, oldest first, and their size as JSON. */
export interface CardsOfPublisher {
  /** `null` for the operator */
  readonly publisher: Address | null;
  readonly cards: readonly RateCard[];
  readonly bytes: number;
}

/** Reads all cards of each publisher. */
export async function readCardsOf(
  sql: Sql,
  publishers: readonly (Address | null)[],
): Promise<readonly CardsOfPublisher[]> {
  // Plan: one_card_at_a_time, once per publisher.
  const records = await sql.query<CardRecord & { bytes: number }>(
    `select ${COLUMNS}, octet_length(card::text) as bytes from rate_cards
     where provider = any($1::bytea[]) or (provider is null and $2) order by version`,
    [byteaArray(publishers.filter((publisher) => publisher !== null)), publishers.includes(null)],
  );
  const byPublisher = Map.groupBy(records, ({ provider }) => provider);
  return publishers.map((publisher) => {
    const own = byPublisher.get(publisher) ?? [];
    const bytes = own.reduce((sum, record) => sum + record.bytes, EMPTY_BYTES);
    return { publisher, cards: own.map(toCard), bytes };
  });
}

/** That a publisher has no card is remembered, too. */
const EMPTY_BYTES = 100;

/** Reads who published since a version, and the newest version of each. */
export async function readPublishersAfter(
  sql: Sql,
  after: number,
): Promise<readonly { provider: Address | null; newest: number }[]> {
  // Plan: a range of rate_cards by primary key.
  return await sql.query(
    `select provider, max(version) as newest from rate_cards where version > $1 group by provider`,
    [after],
  );
}

/** Lists come from `reads`, which may have connections of its own. */
export function createRateCardStore(
  database: Database,
  rules: PublicationRules,
  reads: Sql = database,
): RateCardStore {
  return {
    async list({ provider, before, limit }) {
      const records = await reads.query<CardRecord>(
        `select ${COLUMNS} from rate_cards
         where ($1::integer is null or version < $1)
           and ($2 or provider is not distinct from $3::bytea)
         order by version desc limit $4`,
        [before, provider === undefined, provider ? bytea(provider) : null, limit],
      );
      return records.map(toCard);
    },

    async byVersion(version) {
      const [record] = await database.query<CardRecord>(
        `select ${COLUMNS} from rate_cards where version = $1`,
        [version],
      );
      return record === undefined ? null : toCard(record);
    },

    async publish(proposal) {
      // On one snapshot and without the lock that all publishers share; checked again under it.
      const first = await database.transaction((tx) => decide(tx, proposal), {
        isolation: "repeatable read",
      });
      if (first.published !== "added") return first;
      return await database.transaction(async (tx) => {
        // One publication at a time: versions become visible in order, so a reader of newer ones
        // misses none.
        await tx.query("select pg_advisory_xact_lock($1)", [ADVISORY_LOCK.publishing]);
        const publication = await decide(tx, proposal);
        if (publication.published === "added") await insertCard(tx, publication.card);
        return publication;
      });
    },
  };

  /** Decides what a proposal comes to, as of the cards that `sql` sees. Writes nothing. */
  async function decide(sql: Sql, proposal: CardProposal): Promise<PublishResult> {
    const { provider, rates } = proposal;
    const clock = await readPriceClock(sql);
    const records = await sql.query<CardRecord>(
      `select ${COLUMNS} from rate_cards where provider is not distinct from $1::bytea
       order by effective_from`,
      [provider === null ? null : bytea(provider)],
    );
    const cards = records.map(toCard);

    const newest = cards.at(-1);
    if (newest !== undefined && isDeepStrictEqual(newest.rates, asStored(rates))) {
      return { published: "unchanged", card: newest };
    }
    const effect = scheduleCard(proposal, cards, clock.now, rules);
    if ("reason" in effect) return { published: "refused", refusal: effect };
    if (provider !== null) await checkCardBounds(sql, provider, fromRates(rates));
    const version = clock.newestCard + 1;
    return {
      published: "added",
      card: { version, provider, effectiveFrom: effect.effectiveFrom, rates },
    };
  }
}

/** Throws `ProviderBoundReached` if the provider may not publish another card of this size now. */
async function checkCardBounds(sql: Sql, provider: Address, json: string): Promise<void> {
  const bytes = Buffer.byteLength(json);
  checkBound("cardBytes", bytes);
  // Plan: one_card_at_a_time; the bounds bound what it reads.
  const [use] = await sql.query<{ today: bigint; bytes: bigint }>(
    `select count(*) filter (where created_at > clock_timestamp() - interval '1 day') as today,
       coalesce(sum(octet_length(card::text)), 0) as bytes
     from rate_cards where provider = $1`,
    [bytea(provider)],
  );
  checkBound("cardsPerDay", (use?.today ?? 0n) + 1n);
  checkBound("allCardBytes", (use?.bytes ?? 0n) + BigInt(bytes));
}

/** Rates as a reader of the database gets them. */
function asStored(rates: readonly Rate[]): readonly Rate[] {
  return toRates(JSON.parse(fromRates(rates)));
}

async function insertCard(tx: Sql, { version, provider, effectiveFrom, rates }: RateCard) {
  await tx.query(
    `insert into rate_cards (version, provider, effective_from, card)
       values ($1, $2, $3, $4)`,
    [version, provider ? bytea(provider) : null, effectiveFrom, fromRates(rates)],
  );
}

function toCard({ version, provider, effective_from: effectiveFrom, card }: CardRecord): RateCard {
  return { version, provider, effectiveFrom, rates: toRates(card) };
}
