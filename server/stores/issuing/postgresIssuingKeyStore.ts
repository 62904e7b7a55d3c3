import type { Address, Hex } from "viem";

import {
  ANY_CAMPAIGN,
  type IssuingKeyMessage,
} from "@compute-credits/protocol/messages/issuingKey";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import { withRetries } from "@compute-credits/platform/postgres/retry";
import { bytea } from "@compute-credits/platform/postgres/values";
import { writeNotes } from "../log/writeNotes.ts";
import {
  type AddKeyOutcome,
  ISSUING_KEYS,
  type IssuingKey,
  type IssuingKeyStore,
  type KeyRevocation,
  type RevokedKey,
} from "./issuingKeyStore.ts";
import { lockAccount } from "./lockAccount.ts";
import { revokeGrantsOf } from "./revokeGrants.ts";

export function createIssuingKeyStore(database: Database): IssuingKeyStore {
  return {
    async add(message, signature) {
      const known = await decide(database, message);
      if (known !== null) return known;
      return await withRetries(() =>
        database.transaction((tx) => addLocked(tx, message, signature)),
      );
    },

    find: (keyHash) => readKey(database, keyHash),

    async ofAccount(account) {
      // Plan: issuing_keys_of_account.
      const records = await database.query<KeyRecord>(
        `select ${COLUMNS} from issuing_keys where account = $1 order by created_at limit $2`,
        [bytea(account), ISSUING_KEYS.perAccount],
      );
      return records.map(toKey);
    },

    async revoke(revocation) {
      const known = await readKey(database, revocation.keyHash);
      if (known?.account !== revocation.account) return null;
      const revokedAt = known.isRevoked ? known.revokedAt : await revokeKey(database, revocation);
      if (revokedAt === null) throw new Error(`${known.keyHash} is revoked without a time`);
      if (!revocation.revokesGrants) return { revokedAt, grants: 0, hasMore: false };
      return { revokedAt, ...(await revokeGrantsOf(database, revocation)) };
    },

    async end({ account, keyHash, inSeconds }) {
      return await database.transaction(async (tx) => {
        // Issuing takes this lock, too: nothing is issued after an end of now.
        await lockAccount(tx, account);
        const [ended] = await tx.query<{ at: Date }>(
          `update issuing_keys set revoked_at = least(revoked_at,
             clock_timestamp() + make_interval(secs => $3))
           where key_hash = $1 and account = $2 returning revoked_at as at`,
          [bytea(keyHash), bytea(account), inSeconds],
        );
        return ended?.at ?? null;
      });
    },
  };
}

async function addLocked(
  tx: Sql,
  message: IssuingKeyMessage,
  signature: Hex,
): Promise<AddKeyOutcome> {
  await tx.query("insert into accounts (address) values ($1) on conflict do nothing", [
    bytea(message.account),
  ]);
  await lockAccount(tx, message.account);
  const known = await decide(tx, message);
  if (known !== null) return known;
  const [record] = await tx.query<KeyRecord>(
    `insert into issuing_keys (key_hash, account, campaign, counter) values ($1, $2, $3, $4)
     returning ${COLUMNS}`,
    [
      bytea(message.keyHash),
      bytea(message.account),
      message.campaign === ANY_CAMPAIGN ? null : bytea(message.campaign),
      message.counter,
    ],
  );
  if (record === undefined) throw new Error("an insert returned no row");
  await writeNotes(tx, [{ kind: "issuing_key", ...message, signature }]);
  return { result: "added", key: toKey(record), repeated: false };
}

/** The answer to a registration that changes nothing; `null` if the key may be added. */
async function decide(sql: Sql, message: IssuingKeyMessage): Promise<AddKeyOutcome | null> {
  const { account, keyHash, campaign, counter } = message;
  const [state] = await sql.query<{
    counter: bigint | null;
    keys: bigint;
    open: bigint;
    isProviders: boolean;
  }>(
    `select (select counter from accounts where address = $1) as counter,
       (select count(*) from issuing_keys where account = $1) as keys,
       (select count(*) from issuing_keys where account = $1
         and (revoked_at is null or revoked_at > clock_timestamp())) as open,
       exists (select from provider_keys where key_hash = $2) as "isProviders"`,
    [bytea(account), bytea(keyHash)],
  );
  const key = await readKey(sql, keyHash);
  if (key !== null) {
    const isSame = key.account === account && key.campaign === campaign && key.counter === counter;
    if (!isSame) return { result: "refused", reason: "key_taken" };
    if (key.isRevoked) return { result: "refused", reason: "key_revoked" };
    return { result: "added", key, repeated: true };
  }
  if (state?.isProviders === true) return { result: "refused", reason: "key_taken" };
  const current = state?.counter ?? 0n;
  if (counter < current) return { result: "refused", reason: "stale_counter" };
  if (counter > current) return { result: "refused", reason: "counter_not_reached" };
  const { perAccount, openPerAccount } = ISSUING_KEYS;
  if ((state?.keys ?? 0n) >= perAccount) return tooMany(perAccount);
  return (state?.open ?? 0n) >= openPerAccount ? tooMany(openPerAccount) : null;
}

function tooMany(limit: number): AddKeyOutcome {
  return { result: "refused", reason: "too_many_keys", limit };
}

async function revokeKey(
  database: Database,
  { account, keyHash, signature, revokesGrants }: KeyRevocation,
): Promise<RevokedKey["revokedAt"]> {
  return await database.transaction(async (tx) => {
    // Issuing takes this lock, too: nothing is issued with the key after this call returns.
    await lockAccount(tx, account);
    const revoked = await tx.query(
      `update issuing_keys set revoked_at = clock_timestamp()
       where key_hash = $1 and (revoked_at is null or revoked_at > clock_timestamp())
       returning key_hash`,
      [bytea(keyHash)],
    );
    if (revoked.length > 0) {
      await writeNotes(tx, [
        { kind: "issuing_key_end", account, keyHash, revokesGrants, signature },
      ]);
    }
    const revokedAt = (await readKey(tx, keyHash))?.revokedAt ?? null;
    if (revokedAt === null) throw new Error(`the issuing key ${keyHash} was not revoked`);
    return revokedAt;
  });
}

interface KeyRecord {
  readonly key_hash: Hex;
  readonly account: Address;
  readonly campaign: Hex | null;
  readonly counter: bigint;
  readonly created_at: Date;
  readonly revoked_at: Date | null;
  readonly is_revoked: boolean;
}

const COLUMNS = `key_hash, account, campaign, counter, created_at, revoked_at,
  coalesce(revoked_at <= clock_timestamp(), false) as is_revoked`;

/** Reads a key by the hash of its text; `null` if it was never registered. */
export async function readKey(sql: Sql, keyHash: Hex): Promise<IssuingKey | null> {
  // Plan: issuing_keys by primary key.
  const [record] = await sql.query<KeyRecord>(
    `select ${COLUMNS} from issuing_keys where key_hash = $1`,
    [bytea(keyHash)],
  );
  return record === undefined ? null : toKey(record);
}

function toKey({ key_hash: keyHash, account, campaign, counter, ...rest }: KeyRecord): IssuingKey {
  return {
    account,
    keyHash,
    campaign: campaign ?? ANY_CAMPAIGN,
    counter,
    createdAt: rest.created_at,
    revokedAt: rest.revoked_at,
    isRevoked: rest.is_revoked,
  };
}
