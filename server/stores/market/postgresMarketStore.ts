import type { Address } from "viem";

import { jsonText } from "@compute-credits/protocol/jsonText";
import type { Sql } from "@compute-credits/platform/postgres/database";
import { byteaArray } from "@compute-credits/platform/postgres/values";
import { compareOffers } from "@compute-credits/rules/market/rankOffers";
import type { ApprovalPolicy } from "../providers/approvalStore.ts";
import type { MarketOffer, MarketQuery, MarketStore } from "./marketStore.ts";
import { PROFILE_COLUMNS } from "./postgresProfileStore.ts";
import type { PublishedProfile } from "./profileStore.ts";
import { type PricedMarket, priceMarket } from "./priceMarket.ts";

/** How long offers of a basket are shown again. `Cache-Control` says the same to others. */
export const FRESH_SECONDS = 5;

/** As JSON; the objects take a few times as much. */
const MAX_CACHED_BYTES = 8 * 1_024 * 1_024;

interface Cached {
  readonly priced: Promise<PricedMarket>;
  readonly until: number;
  bytes: number;
}

export interface MarketOptions {
  readonly policy: ApprovalPolicy;
  readonly maxCachedBytes?: number;
  readonly freshSeconds?: number;
  /** milliseconds */
  readonly now?: () => number;
}

/**
 * Prices a basket at all listed providers, and remembers that for a few seconds. Requests for one
 * basket share the work.
 */
export function createMarketStore(
  sql: Sql,
  {
    policy,
    maxCachedBytes = MAX_CACHED_BYTES,
    freshSeconds = FRESH_SECONDS,
    now = () => performance.now(),
  }: MarketOptions,
): MarketStore {
  const isAutomatic = policy === "automatic";
  /** the oldest first */
  const cached = new Map<string, Cached>();
  let bytes = 0;

  function drop(key: string): void {
    bytes -= cached.get(key)?.bytes ?? 0;
    cached.delete(key);
  }

  async function priced(query: MarketQuery): Promise<PricedMarket> {
    const key = jsonText(query);
    const known = cached.get(key);
    if (known !== undefined && known.until > now()) return await known.priced;
    drop(key);
    const work = priceMarket(sql, query, { isAutomatic });
    const entry: Cached = { priced: work, until: now() + freshSeconds * 1_000, bytes: 0 };
    cached.set(key, entry);
    try {
      const result = await work;
      if (cached.get(key) === entry) {
        entry.bytes = jsonText(result.offers).length + key.length;
        bytes += entry.bytes;
        for (const [oldest, { until }] of cached) {
          if (bytes <= maxCachedBytes && until > now()) break;
          drop(oldest);
        }
      }
      return result;
    } catch (error) {
      if (cached.get(key) === entry) drop(key);
      throw error;
    }
  }

  async function readProfiles(
    providers: readonly Address[],
  ): Promise<ReadonlyMap<Address, PublishedProfile>> {
    if (providers.length === 0) return new Map();
    // Plan: provider_profiles by primary key, once per provider of a page.
    const profiles = await sql.query<PublishedProfile>(
      `select ${PROFILE_COLUMNS} from provider_profiles left join provider_approvals using (provider)
       where provider = any($2::bytea[])`,
      [isAutomatic, byteaArray(providers)],
    );
    return new Map(profiles.map((profile) => [profile.provider, profile]));
  }

  return {
    async list(query, { after, limit }) {
      const { asOf, offers } = await priced(query);
      const rest = after === null ? offers : offers.filter((one) => compareOffers(after, one) < 0);
      const page = rest.slice(0, limit);
      const profiles = await readProfiles(page.map(({ provider }) => provider));
      return {
        asOf,
        offers: page.flatMap((offer): MarketOffer[] => {
          const profile = profiles.get(offer.provider);
          // It may have left the market since.
          return profile?.listed === true && profile.approved ? [{ ...offer, profile }] : [];
        }),
        last: page.at(-1) ?? null,
        hasMore: rest.length > page.length,
      };
    },
  };
}
