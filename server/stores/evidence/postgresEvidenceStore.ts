import type { Address, Hex } from "viem";
import { z } from "zod";

import { jsonText } from "@compute-credits/protocol/jsonText";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import {
  bytea,
  byteaArray,
  nullableTextArray,
  textArray,
} from "@compute-credits/platform/postgres/values";
import { checkBound } from "../providers/providerBounds.ts";
import type {
  CheckedEvidence,
  EvidenceStore,
  MeterKey,
  RecordedEvidence,
  RegisteredMeterKey,
} from "./evidenceStore.ts";

const StoredAttested = z
  .object({
    verified: z.boolean(),
    issuer: z.string().nullable(),
    nonceIsOfEvent: z.boolean(),
    expiresAt: z.coerce.date().nullable(),
  })
  .nullable();

/** Explanations read from `reads`, which may have connections of its own. */
export function createEvidenceStore(database: Database, reads: Sql = database): EvidenceStore {
  return {
    async addKey(key) {
      const known = await findKey(database, key);
      if (known === null) {
        await database.transaction(async (tx) => {
          await tx.query(
            `insert into meter_keys (provider, meter_key) values ($1, $2) on conflict do nothing`,
            [bytea(key.provider), bytea(key.meterKey)],
          );
          // Plan: meter_keys by primary key; there are at most as many rows as the bound.
          const [keys] = await tx.query<{ all: bigint }>(
            "select count(*) as all from meter_keys where provider = $1",
            [bytea(key.provider)],
          );
          checkBound("meterKeys", keys?.all ?? 0n);
        });
      }
      const stored = known ?? (await findKey(database, key));
      if (stored === null) throw new Error(`the meter key ${key.meterKey} is missing`);
      return stored.revokedAt === null ? stored.createdAt : "revoked";
    },

    async revokeKey(key) {
      const known = await findKey(database, key);
      if (known === null || known.revokedAt !== null) return known?.revokedAt ?? null;
      await database.query(
        `update meter_keys set revoked_at = clock_timestamp()
         where provider = $1 and meter_key = $2 and revoked_at is null`,
        [bytea(key.provider), bytea(key.meterKey)],
      );
      return (await findKey(database, key))?.revokedAt ?? null;
    },

    async keysOf(provider) {
      return await reads.query<RegisteredMeterKey>(
        `select meter_key as "meterKey", created_at as "createdAt", revoked_at as "revokedAt"
         from meter_keys where provider = $1 order by created_at desc, meter_key`,
        [bytea(provider)],
      );
    },

    async findKeys(provider, meterKeys) {
      const keys = await database.query<RegisteredMeterKey>(
        `select meter_key as "meterKey", revoked_at as "revokedAt" from meter_keys
         where provider = $1 and meter_key = any($2::bytea[])`,
        [bytea(provider), byteaArray(meterKeys)],
      );
      return new Map(keys.map((key) => [key.meterKey, key]));
    },

    async record(provider, evidence) {
      if (evidence.length === 0) return [];
      await insert(database, provider, evidence);
      // Plan: evidence by primary key.
      const stored = await database.query<{ eventId: string; content: string; meterKey: Address }>(
        `select event_id as "eventId", content, meter_key as "meterKey" from evidence
         where provider = $1 and event_id = any($2::text[])`,
        [bytea(provider), textArray(evidence.map(({ eventId }) => eventId))],
      );
      const byEvent = new Map(stored.map((one) => [one.eventId, one]));
      return evidence.map(({ eventId, content, meterKey }) => {
        const kept = byEvent.get(eventId);
        const isSame = kept?.content === content && kept.meterKey === meterKey;
        return isSame ? "recorded" : "other_on_record";
      });
    },

    async find({ provider, id }) {
      // Plan: evidence, then meter_keys, by primary key.
      const [found] = await reads.query<Omit<RecordedEvidence, "attested"> & { attested: unknown }>(
        `select event_id as "eventId", meter_key as "meterKey", content, signature, attested,
           recorded_at as "recordedAt", revoked_at as "meterKeyRevokedAt"
         from evidence join meter_keys using (provider, meter_key)
         where provider = $1 and event_id = $2`,
        [bytea(provider), id],
      );
      if (found === undefined) return null;
      return { ...found, attested: StoredAttested.parse(found.attested) };
    },
  };
}

async function insert(
  sql: Sql,
  provider: Address,
  evidence: readonly CheckedEvidence[],
): Promise<void> {
  const known = await sql.query<{ eventId: string }>(
    `select event_id as "eventId" from evidence where provider = $1 and event_id = any($2::text[])`,
    [bytea(provider), textArray(evidence.map(({ eventId }) => eventId))],
  );
  const ids = new Set(known.map(({ eventId }) => eventId));
  // What changes nothing takes no lock. Sorted, so that two requests never wait for each other.
  const added = evidence
    .filter(({ eventId }) => !ids.has(eventId))
    .toSorted((a, b) => (a.eventId < b.eventId ? -1 : 1));
  if (added.length === 0) return;
  await sql.query(
    `insert into evidence (provider, event_id, meter_key, content, signature, attested)
       select $1, event_id, meter_key, content, signature, attested
       from unnest($2::text[], $3::bytea[], $4::text[], $5::bytea[], $6::jsonb[])
         as added (event_id, meter_key, content, signature, attested)
     on conflict do nothing`,
    [
      bytea(provider),
      textArray(added.map(({ eventId }) => eventId)),
      byteaArray(added.map(({ meterKey }) => meterKey)),
      textArray(added.map(({ content }) => content)),
      byteaArray(added.map(({ signature }): Hex => signature)),
      nullableTextArray(
        added.map(({ attested }) => (attested === null ? null : jsonText(attested))),
      ),
    ],
  );
}

async function findKey(
  sql: Sql,
  { provider, meterKey }: MeterKey,
): Promise<RegisteredMeterKey | null> {
  const [key] = await sql.query<RegisteredMeterKey>(
    `select meter_key as "meterKey", created_at as "createdAt", revoked_at as "revokedAt"
     from meter_keys where provider = $1 and meter_key = $2`,
    [bytea(provider), bytea(meterKey)],
  );
  return key ?? null;
}
