import type { Address } from "viem";

import { type RateIndex, indexRates } from "@compute-credits/rules/pricing/rateIndex";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { readCardsOf, readPublishersAfter } from "./postgresRateCardStore.ts";

/** The cards of some publishers, as of a version. */
export interface KnownRates {
  readonly rates: RateIndex;
  /** every card of these publishers up to this version is in `rates` */
  readonly upTo: number;
}

/**
 * Caches the indexed cards of each publisher: cards never change, and become visible in the order
 * of their versions. Evicts the publishers that were not asked for the longest, so that the cards
 * of many providers cannot fill the memory. The operator's are always kept.
 */
export interface RateIndexCache {
  /** Returns the cards of the operator and of `providers`, complete up to `newestCard`. */
  read(sql: Sql, newestCard: number, providers: Iterable<Address>): Promise<KnownRates>;
  /** Like `read`, as of the last version that this process has seen. There may be newer ones. */
  lookUp(sql: Sql, providers: Iterable<Address>): Promise<KnownRates>;
  /** bytes of the cached cards, as JSON */
  readonly bytes: number;
}

type IndexedCards = NonNullable<ReturnType<RateIndex["get"]>>;

interface Publisher {
  readonly cards: IndexedCards;
  readonly bytes: number;
}

/** In JSON; an index takes a few times as much. */
const MAX_CACHED_BYTES = 16 * 1_024 * 1_024;

export function createRateIndexCache(maxBytes = MAX_CACHED_BYTES): RateIndexCache {
  /** in the order of their last use */
  const cached = new Map<Address | null, Publisher>();
  let bytes = 0;
  let upTo = 0;

  /** Drops the publishers of cards that came since, so that they are read again when needed. */
  async function follow(sql: Sql, newestCard: number): Promise<void> {
    if (newestCard <= upTo) return;
    const after = upTo;
    const changed = await readPublishersAfter(sql, after);
    for (const { provider } of changed) drop(provider);
    for (const { newest } of changed) if (newest > upTo) upTo = newest;
  }

  function drop(publisher: Address | null): void {
    bytes -= cached.get(publisher)?.bytes ?? 0;
    cached.delete(publisher);
  }

  function keep(publisher: Address | null, read: Publisher): void {
    drop(publisher);
    cached.set(publisher, read);
    bytes += read.bytes;
    for (const oldest of cached.keys()) {
      if (bytes <= maxBytes) return;
      if (oldest !== null) drop(oldest);
    }
  }

  /** `isNewest`: what `sql` sees is not older than what this cache has followed. */
  async function gather(
    sql: Sql,
    providers: Iterable<Address>,
    isNewest: () => boolean,
  ): Promise<KnownRates> {
    const rates = new Map<Address | null, IndexedCards>();
    const asOf = upTo;
    const missing: (Address | null)[] = [];
    for (const publisher of new Set<Address | null>([null, ...providers])) {
      const found = cached.get(publisher);
      if (found === undefined) missing.push(publisher);
      else {
        rates.set(publisher, found.cards);
        cached.delete(publisher);
        cached.set(publisher, found);
      }
    }
    if (missing.length > 0) {
      for (const { publisher, cards, bytes: size } of await readCardsOf(sql, missing)) {
        const indexed = indexRates(cards).get(publisher) ?? [];
        rates.set(publisher, indexed);
        // Another batch may have followed newer cards in the meantime.
        if (upTo === asOf && isNewest()) keep(publisher, { cards: indexed, bytes: size });
      }
    }
    return { rates, upTo: asOf };
  }

  return {
    async read(sql, newestCard, providers) {
      await follow(sql, newestCard);
      return await gather(sql, providers, () => newestCard >= upTo);
    },
    async lookUp(sql, providers) {
      if (upTo === 0) await follow(sql, 1);
      return await gather(sql, providers, () => true);
    },
    get bytes() {
      return bytes;
    },
  };
}
