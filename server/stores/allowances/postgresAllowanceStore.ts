import type { Hex } from "viem";

import type { Allowance } from "@compute-credits/rules/allowances/allowance";
import { periodIndexAt } from "@compute-credits/rules/allowances/period";
import type { AllowanceStore } from "./allowanceStore.ts";
import type { Database, Sql } from "@compute-credits/platform/postgres/database";
import {
  ALLOWANCE_COLUMNS,
  ARRIVED_CTE,
  type AllowanceRecord,
  toAllowance,
} from "./allowanceRecord.ts";
import { readClock } from "@compute-credits/platform/postgres/clock";
import { writeNotes } from "../log/writeNotes.ts";
import { bytea, byteaArray, textArray } from "@compute-credits/platform/postgres/values";

/** Lists come from `reads`, which may have connections of its own. */
export function createAllowanceStore(database: Database, reads: Sql = database): AllowanceStore {
  return {
    async add({ id, message, scope, signature, byContract }) {
      // Signed allowances are public and never change, so a repetition takes no lock and counts no
      // arrival, which would make every server read arrivals again.
      const known = await readAllowance(database, id);
      if (known !== null) return known;
      return await database.transaction(async (tx) => {
        await tx.query("insert into accounts (address) values ($1) on conflict do nothing", [
          bytea(message.account),
        ]);
        // Locks the account before the arrival count, in the same order as grants do. The other
        // order could deadlock.
        await tx.query("select 1 from accounts where address = $1 for key share", [
          bytea(message.account),
        ]);
        const now = await readClock(tx);
        await tx.query(
          `with ${ARRIVED_CTE}, signed as (
             insert into signed_allowances (id, account, spender, period_seconds, starts_at,
               expires_at, priority, scope, scope_providers, scope_meters, account_cap_micros,
               counter, salt, signature, by_contract, created_at, arrival)
             select $1::bytea, $2, $3, $5, $7, $8, $9, $10, $11::bytea[], $12::text[], $13, $14,
               $15, $16, $19, $18, count
             from arrived
             on conflict (id) do nothing
             returning id
           )
           insert into allowance_usage (id, limit_micros, rollover_micros, period_index)
           select id, $4, $6, $17 from signed`,
          [
            bytea(id),
            bytea(message.account),
            bytea(message.spender),
            message.limit,
            message.period,
            message.rollover,
            message.startsAt,
            message.expiresAt,
            message.priority,
            bytea(message.scope),
            byteaArray(scope.providers),
            textArray(scope.meters),
            message.accountCap,
            message.counter,
            message.salt,
            bytea(signature),
            // Starts with the current period: nothing rolls over from periods before the allowance
            // existed.
            periodIndexAt(message, now),
            now,
            byContract,
          ],
        );
        const stored = await readAllowance(tx, id);
        if (stored === null) throw new Error(`allowance ${id} is missing after its insert`);
        return stored;
      });
    },

    find: (id) => readAllowance(database, id),

    async isPaidSpender(spender) {
      // Plan: allowances_of_spender, then accounts by primary key until one has bought credits.
      const [found] = await reads.query<{ is_paid: boolean }>(
        `select exists (select from signed_allowances l join accounts a on a.address = l.account
           where l.spender = $1 and a.purchased > 0) as is_paid`,
        [bytea(spender)],
      );
      return found?.is_paid ?? false;
    },

    async ofAccount(account, { after, limit } = { after: null, limit: DEFAULT_PAGE_SIZE }) {
      // Plan: allowances_of_account from the cursor on. Only the first bound (created_at) can use
      // the index.
      const records = await reads.query<AllowanceRecord>(
        `select ${ALLOWANCE_COLUMNS} from allowances
         where account = $1 and campaign is null and ($2::bytea is null
           or (created_at >= (select c.created_at from allowances c where c.id = $2)
             and (created_at, id) > (select c.created_at, c.id from allowances c where c.id = $2)))
         order by created_at, id limit $3`,
        [bytea(account), after === null ? null : bytea(after), limit],
      );
      return records.map(toAllowance);
    },

    async revoke(id, signature) {
      // A revocation is final, so a repetition needs no lock.
      const known = await readAllowance(database, id);
      if (known === null || known.revokedAt !== null) return known;
      return await database.transaction(async (tx) => {
        // Takes the account's lock, as debits do: no debit uses the allowance after this call
        // returns.
        await tx.query(
          `select 1 from accounts
           where address = (select account from allowances where id = $1) for update`,
          [bytea(id)],
        );
        const revoked = await tx.query(
          `update allowance_usage set revoked_at = clock_timestamp()
           where id = $1 and revoked_at is null returning id`,
          [bytea(id)],
        );
        if (revoked.length > 0) {
          await writeNotes(tx, [{ kind: "revocation", allowance: id, signature }]);
        }
        return await readAllowance(tx, id);
      });
    },

    async counterOf(account) {
      const [record] = await database.query<{ counter: bigint }>(
        "select counter from accounts where address = $1",
        [bytea(account)],
      );
      return record?.counter ?? 0n;
    },

    async recordedCaps(allowances) {
      const byContract = allowances.filter((allowance) => allowance.byContract);
      if (byContract.length === 0) return new Map();
      // Plan: signed_allowances and recorded_caps by primary key.
      const records = await reads.query<{ id: Hex; cap: bigint }>(
        `select id, coalesce(r.account_cap_micros, 0) as cap
         from signed_allowances l left join recorded_caps r using (account, counter)
         where id = any($1::bytea[])`,
        [byteaArray(byContract.map(({ id }) => id))],
      );
      return new Map(records.map(({ id, cap }) => [id, cap]));
    },

    now: () => readClock(database),
  };
}

async function readAllowance(sql: Sql, id: Hex): Promise<Allowance | null> {
  const [record] = await sql.query<AllowanceRecord>(
    `select ${ALLOWANCE_COLUMNS} from allowances where id = $1`,
    [bytea(id)],
  );
  return record === undefined ? null : toAllowance(record);
}

const DEFAULT_PAGE_SIZE = 1_000;
