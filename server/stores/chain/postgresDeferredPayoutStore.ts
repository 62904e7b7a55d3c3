import type { Database } from "@compute-credits/platform/postgres/database";
import type { DeferredPayoutStore, DeferredPayouts } from "./deferredPayoutStore.ts";

export function createDeferredPayoutStore(database: Database): DeferredPayoutStore {
  return {
    async read() {
      const [found] = await database.query<DeferredPayouts>(
        "select block_number as block, token_amount as tokens from deferred_payouts",
      );
      return found ?? null;
    },

    async advance(from, { block, tokens }) {
      await database.query(
        `insert into deferred_payouts (block_number, token_amount) values ($1, $2)
         on conflict (only_one) do update set block_number = $1, token_amount = $2
           where deferred_payouts.block_number = $3`,
        [block, tokens, from?.block ?? null],
      );
    },
  };
}
