import { numberToHex } from "viem";

import { lowercaseHex } from "@compute-credits/protocol/hex";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { Database } from "@compute-credits/platform/postgres/database";
import { type Ledger, openLedger } from "../../test/fixtures/ledger.ts";

/** Each account has an allowance for its own wallet. All of them granted access to one provider. */
export const ACCOUNTS = 100_000;

export const PROVIDER = numberToHex(0xbeef, { size: 20 });

/** Each account's purchase: more than a benchmark spends. */
const PURCHASED_MICROS = 1_000_000_000_000n;

export const RULES = { feeBps: 200n, maxEventAgeSeconds: 86_400, maxEventAheadSeconds: 300 };

/** Opens a ledger on an empty database and creates the parties. */
export async function openFilledLedger(database: Database, accounts = ACCOUNTS): Promise<Ledger> {
  const ledger = await openLedger(database, RULES);
  await fillParties(database, accounts);
  return ledger;
}

/** Creates the accounts 1 to `accounts`, each with an allowance for its own wallet. */
export async function fillParties(database: Database, accounts: number): Promise<void> {
  await database.script(`
    insert into accounts (address, purchased)
      select decode(lpad(to_hex(n), 40, '0'), 'hex'), ${PURCHASED_MICROS}
        from generate_series(1, ${accounts}) n;
    insert into signed_allowances (id, account, spender, period_seconds, starts_at, expires_at,
        priority, scope, scope_providers, scope_meters, account_cap_micros, counter, salt,
        signature, by_contract, accepted, log_order, transaction_id)
      select sha256(address), address, decode(repeat('00', 12), 'hex') || address, 0, 0, 0, 128,
        decode(repeat('00', 32), 'hex'), '{}', '{}', 18446744073709551615, 0, 0,
        decode(repeat('5a', 65), 'hex'), false, true, nextval('log_order'),
        pg_current_xact_id()::text::bigint
      from accounts;
    insert into acceptances (spender, account, accepted, how)
      select spender, account, true, 'own' from signed_allowances;
    insert into allowance_usage (id, limit_micros, rollover_micros) select id, 18446744073709551615,
      0 from signed_allowances;
    insert into provider_access (spender, provider)
      select spender, decode('${PROVIDER.slice(2)}', 'hex') from allowances;
    analyze;
  `);
}

/**
 * Creates an event of the n-th account, from 1 to `ACCOUNTS`. Its id is a random UUID, as with most
 * providers.
 */
export function eventOf(account: number, occurredAt: Date): UsageEvent {
  return {
    provider: PROVIDER,
    id: crypto.randomUUID(),
    // A flat string, like a parsed request's. A concatenated one would be flattened while the clock
    // runs.
    spender: lowercaseHex(numberToHex(account, { size: 32 })),
    meter: "units",
    quantity: 3n,
    dimensions: { region: "eu" },
    occurredAt,
  };
}

/**
 * Creates batches over random accounts, the same ones in every run. With `of` callers, each gets
 * its own accounts: those whose number modulo `of` is `caller`.
 */
export function randomBatches(
  batches: number,
  size: number,
  { caller, of }: { caller: number; of: number } = { caller: 0, of: 1 },
): UsageEvent[][] {
  const now = new Date();
  const account = () => 1 + (nextRandom() % (ACCOUNTS / of)) * of + caller;
  return Array.from({ length: batches }, () =>
    Array.from({ length: size }, () => eventOf(account(), now)),
  );
}

/** Creates one event per account, which fills the ledger's caches. */
export function everyAccountOnce(size: number): UsageEvent[][] {
  const now = new Date();
  return Array.from({ length: ACCOUNTS / size }, (_, batch) =>
    Array.from({ length: size }, (__, index) => eventOf(1 + batch * size + index, now)),
  );
}

let state = 2_463_534_242;

/** xorshift32 */
function nextRandom(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  state >>>= 0;
  return state;
}
