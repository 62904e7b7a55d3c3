import type { Address } from "viem";

import type { Database } from "../../ports/database.ts";
import type { ProviderBook } from "../../ports/providerBook.ts";
import { bytea } from "./values.ts";

export function postgresProviderBook(database: Database): ProviderBook {
  async function providerOfKey(keyHash: `0x${string}`): Promise<Address | null> {
    const [key] = await database.query<{ provider: Address }>(
      "select provider from provider_keys where key_hash = $1",
      [bytea(keyHash)],
    );
    return key?.provider ?? null;
  }

  return {
    providerOfKey,

    async addKey({ provider, keyHash }) {
      await database.query(
        "insert into provider_keys (key_hash, provider) values ($1, $2) on conflict do nothing",
        [bytea(keyHash), bytea(provider)],
      );
      return (await providerOfKey(keyHash)) === provider;
    },

    async grantAccess({ spender, provider, signature = null }) {
      await database.query(
        "insert into provider_access (spender, provider, signature) values ($1, $2, $3) on conflict do nothing",
        [bytea(spender), bytea(provider), signature === null ? null : bytea(signature)],
      );
    },
  };
}
