import { numberToHex } from "viem";

import { lowercaseHex } from "@compute-credits/protocol/hex";
import type { UsageEvent } from "@compute-credits/rules/usage/usageEvent";
import type { Database } from "@compute-credits/platform/postgres/database";
import { type Ledger, openLedger } from "../../test/fixtures/ledger.ts";

/** Accounts with an allowance for their own wallet, and one provider that they all gave access. */
export const ACCOUNTS = 100_000;

export const PROVIDER = numberToHex(0xbeef, { size: 20 });

/** What each account has: more than a benchmark spends. */
const PURCHASED_MICROS = 1_000_000_000_000n;

const RULES = { feeBps: 200n, maxEventAgeSeconds: 86_400, maxEventAheadSeconds: 300 };

/** A ledger with the parties in it, on an empty database. */
export async function openFilledLedger(database: Database, accounts = ACCOUNTS): Promise<Ledger> {
  const ledger = await openLedger(database, RULES);
  await database.script(`
    insert into accounts (address, purchased)
      select decode(lpad(to_hex(n), 40, '0'), 'hex'), ${PURCHASED_MICROS} from generate_series(1, ${accounts}) n;
    insert into signed_allowances (id, account, spender, period_seconds, starts_at, expires_at, priority, scope,
        scope_providers, scope_meters, account_cap_micros, counter, salt, signature)
      select sha256(address), address, decode(repeat('00', 12), 'hex') || address, 0, 0, 0, 128,
        decode(repeat('00', 32), 'hex'), '{}', '{}', 18446744073709551615, 0, 0, decode(repeat('5a', 65), 'hex')
      from accounts;
    insert into allowance_usage (id, limit_micros, rollover_micros) select id, 18446744073709551615, 0 from signed_allowances;
    insert into provider_access (spender, provider)
      select spender, decode('${PROVIDER.slice(2)}', 'hex') from allowances;
    analyze;
  `);
  return ledger;
}

/** An event of the n-th account, 1 to `ACCOUNTS`. Its id is a random UUID, as providers make them. */
export function eventOf(account: number, occurredAt: Date): UsageEvent {
  return {
    provider: PROVIDER,
    id: crypto.randomUUID(),
    // Whole, as a request's parser leaves it, not as parts that are joined when they are first read.
    spender: lowercaseHex(numberToHex(account, { size: 32 })),
    meter: "units",
    quantity: 3n,
    dimensions: { region: "eu" },
    occurredAt,
  };
}

/**
 * Batches over accounts chosen evenly at random, from a generator of its own: the same accounts in every run. `of` several
 * callers, one may keep to its own part of the accounts: those that leave the rest `caller` when divided by `of`.
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

/** One event of each account: after it, a ledger remembers all that it can. */
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
