import { numberToHex, zeroHash } from "viem";

import { claimDatabase } from "../../server/adapters/postgres/claimDatabase.ts";
import { postgresRateCardBook } from "../../server/adapters/postgres/rateCardBook.ts";
import type { UsageEvent } from "../../server/domain/usage/usageEvent.ts";
import type { Database } from "../../server/ports/database.ts";

/** Accounts and one provider that they all gave access, in a database that was empty. */
export const ACCOUNTS = 100_000;

export const PROVIDER = numberToHex(0xbeef, { size: 20 });

/** What each account has: more than a benchmark spends. */
const PURCHASED_MICROS = 1_000_000_000_000n;

const PUBLICATION_RULES = {
  rateCardNoticeSeconds: 0,
  maxRateCardAheadSeconds: 0,
  maxPendingRateCards: 0,
};

export async function createWorld(database: Database, accounts = ACCOUNTS): Promise<void> {
  await claimDatabase(
    database,
    { chainId: 1, contract: numberToHex(1, { size: 20 }) },
    { number: 0n, hash: zeroHash, time: new Date(0) },
  );
  await postgresRateCardBook(database, PUBLICATION_RULES).publish({
    provider: null,
    effectiveFrom: new Date("2020-01-01"),
    rates: [{ meter: "requests", dimensions: {}, microCredits: 10n, perUnits: 1n }],
  });
  await database.script(`
    insert into accounts (address, purchased)
      select decode(lpad(to_hex(n), 40, '0'), 'hex'), ${PURCHASED_MICROS} from generate_series(1, ${accounts}) n;
    insert into allowances (id, account, spender, limit_micros, period_seconds, rollover_micros, starts_at, expires_at,
        priority, scope, scope_providers, scope_meters, account_cap_micros, counter, salt, signature)
      select sha256(address), address, decode(repeat('00', 12), 'hex') || address, 18446744073709551615, 0, 0, 0, 0,
        128, decode(repeat('00', 32), 'hex'), '{}', '{}', 18446744073709551615, 0, 0, '\\x00' from accounts;
    insert into provider_access (spender, provider)
      select spender, decode('${PROVIDER.slice(2)}', 'hex') from allowances;
    analyze;
  `);
}

let eventCount = 0;

/** An event of the n-th account, 1 to `ACCOUNTS`. */
export function eventOf(account: number, time: Date): UsageEvent {
  return {
    provider: PROVIDER,
    id: `bench-${process.pid}-${eventCount++}`,
    spender: numberToHex(account, { size: 32 }),
    meter: "requests",
    quantity: 3n,
    dimensions: { region: "eu" },
    occurredAt: time,
  };
}

/** Batches over accounts chosen evenly at random, from a generator of its own: the same in every run. */
export function randomBatches(batches: number, size: number, accounts = ACCOUNTS): UsageEvent[][] {
  const time = new Date();
  return Array.from({ length: batches }, () =>
    Array.from({ length: size }, () => eventOf(1 + (nextRandom() % accounts), time)),
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
