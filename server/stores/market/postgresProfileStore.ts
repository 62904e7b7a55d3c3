import { isDeepStrictEqual } from "node:util";

import type { Address, Hex } from "viem";

import { MARKET } from "@compute-credits/api/bounds";
import { ADVISORY_LOCK } from "@compute-credits/platform/postgres/advisoryLocks";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { bytea, textArray } from "@compute-credits/platform/postgres/values";
import type { ApprovalPolicy } from "../providers/approvalStore.ts";
import type { ProfileStore, PublishedProfile, SignedProfile } from "./profileStore.ts";

/** SQL: the columns of a `PublishedProfile`; $1 is whether approval is automatic. */
export const PROFILE_COLUMNS = `provider, provider_profiles.issued_at as "issuedAt", listed, name,
  endpoints, regions, hardware, terms, signature, published_at as "publishedAt",
  coalesce(approved, $1) as approved`;

export function createProfileStore(
  database: Database,
  policy: ApprovalPolicy,
  reads: Sql = database,
): ProfileStore {
  const isAutomatic = policy === "automatic";

  async function find(sql: Sql, provider: Address): Promise<PublishedProfile | null> {
    // Plan: provider_profiles, then provider_approvals, by primary key.
    const [found] = await sql.query<PublishedProfile>(
      `select ${PROFILE_COLUMNS} from provider_profiles left join provider_approvals using (provider)
       where provider = $2`,
      [isAutomatic, bytea(provider)],
    );
    return found ?? null;
  }

  return {
    async publish(profile) {
      // Without a lock, so that a profile that changes nothing takes none; checked again under it.
      const known = await find(database, profile.provider);
      if (known !== null && known.issuedAt >= profile.issuedAt) return judge(known, profile);
      return await database.transaction(async (tx) => {
        // One at a time: two that are listed together would exceed the bound.
        await tx.query("select pg_advisory_xact_lock($1)", [ADVISORY_LOCK.profiles]);
        const before = await find(tx, profile.provider);
        if (before !== null && before.issuedAt >= profile.issuedAt) return judge(before, profile);
        if (profile.listed && before?.listed !== true) {
          const limit = MARKET.listed.most;
          if ((await countListed(tx)) >= BigInt(limit)) return { published: "market_full", limit };
        }
        await upsert(tx, profile);
        const stored = await find(tx, profile.provider);
        if (stored === null) throw new Error(`the profile of ${profile.provider} is missing`);
        return { published: "in_force", profile: stored };
      });
    },

    find: (provider) => find(reads, provider),
  };
}

/** The same profile again is in force. A signature may differ: ECDSA has many for one message. */
function judge(inForce: PublishedProfile, asked: SignedProfile) {
  const { signature: _s, publishedAt: _p, approved: _a, ...stored } = inForce;
  const { signature: _, ...message } = asked;
  return isDeepStrictEqual(stored, message)
    ? ({ published: "in_force", profile: inForce } as const)
    : ({ published: "stale", inForce } as const);
}

async function countListed(tx: Sql): Promise<bigint> {
  // Plan: listed_profiles, index only.
  const [listed] = await tx.query<{ count: bigint }>(
    "select count(*) from provider_profiles where listed",
  );
  return listed?.count ?? 0n;
}

async function upsert(tx: Sql, profile: SignedProfile): Promise<void> {
  const { provider, issuedAt, listed, name, endpoints, regions, hardware, terms } = profile;
  const signature: Hex = profile.signature;
  await tx.query(
    `insert into provider_profiles (provider, issued_at, listed, name, endpoints, regions, hardware,
         terms, signature)
       values ($1, $2, $3, $4, $5::text[], $6::text[], $7::text[], $8, $9)
     on conflict (provider) do update set issued_at = excluded.issued_at,
       listed = excluded.listed, name = excluded.name, endpoints = excluded.endpoints,
       regions = excluded.regions, hardware = excluded.hardware, terms = excluded.terms,
       signature = excluded.signature, published_at = excluded.published_at`,
    [
      bytea(provider),
      issuedAt,
      listed,
      name,
      textArray(endpoints),
      textArray(regions),
      textArray(hardware),
      terms,
      bytea(signature),
    ],
  );
}
