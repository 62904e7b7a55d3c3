import type { Address, Hex } from "viem";

import { isEcdsaSignature } from "@compute-credits/protocol/messages/signatureCheck";
import type { Database } from "@compute-credits/platform/postgres/database";
import { booleanArray, byteaArray } from "@compute-credits/platform/postgres/values";

/** Bounds what is read and checked at a time: half a second's work. */
const PER_STEP = 500;

/**
 * Finds out whether a key or a contract signed the allowances that an older server stored without a
 * look. A server does it before it answers, because it caches allowances. Grants are like their
 * campaign. Asks no chain: what no key signed, a contract did.
 */
export async function classifySignatures(database: Database): Promise<void> {
  for (;;) {
    // Plan: allowances_not_looked_at.
    // oxlint-disable-next-line no-await-in-loop -- each step takes what the one before left
    const found = await database.query<{ id: Hex; account: Address; signature: Hex }>(
      `select id, account, signature from signed_allowances
       where by_contract is null and campaign is null limit $1`,
      [PER_STEP],
    );
    if (found.length === 0) return;
    // oxlint-disable-next-line no-await-in-loop -- as above
    const byKey = await Promise.all(
      found.map(({ id, account, signature }) => isEcdsaSignature(account, id, signature)),
    );
    // Plan: signed_allowances by primary key, grants_of_campaign.
    // oxlint-disable-next-line no-await-in-loop -- as above
    await database.query(
      `with looked_at as (
         select * from unnest($1::bytea[], $2::boolean[]) as looked_at (id, by_contract)
       ), grants as (
         update signed_allowances g set by_contract = l.by_contract
         from looked_at l where g.campaign = l.id
       )
       update signed_allowances s set by_contract = l.by_contract
       from looked_at l where s.id = l.id`,
      [byteaArray(found.map(({ id }) => id)), booleanArray(byKey.map((isByKey) => !isByKey))],
    );
  }
}
