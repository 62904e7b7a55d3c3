import { DisagreementError } from "./disagreement.ts";
import type { DaySums, DebitRow, LedgerSnapshot } from "./ledgerSnapshot.ts";

/**
 * Checks that the daily sums are those of the log without what was voided. The sums must have been
 * brought up to date.
 */
export function auditDailySums(snapshot: LedgerSnapshot): void {
  const payers = new Map<string, DaySums>();
  const providers = new Map<string, DaySums>();
  for (const [key, parts] of Map.groupBy(snapshot.debits, (row) => row.key)) {
    if (snapshot.voids.has(key)) continue;
    const paying = new Set<string>();
    for (const [part, row] of parts.entries()) {
      const sums = sumsOf(row, { isFirst: part === 0, isFirstOfAccount: !paying.has(row.account) });
      paying.add(row.account);
      const { account, provider, spender, allowance, meter } = row;
      const day = row.recorded_at.toISOString().slice(0, 10);
      add(payers, [account, day, provider, spender, allowance, meter].join("|"), sums);
      add(providers, [provider, day, meter].join("|"), ofProvider(sums));
    }
  }
  compare("of an account", payers, snapshot.payerDays);
  compare("of a provider", providers, snapshot.providerDays);
}

function sumsOf(
  { quantity, amount, fee }: DebitRow,
  { isFirst, isFirstOfAccount }: { isFirst: boolean; isFirstOfAccount: boolean },
): DaySums {
  return {
    parts: 1n,
    part_quantity: quantity,
    account_events: isFirstOfAccount ? 1n : 0n,
    account_quantity: isFirstOfAccount ? quantity : 0n,
    events: isFirst ? 1n : 0n,
    quantity: isFirst ? quantity : 0n,
    amount,
    fee,
  };
}

/** A provider's sums count neither parts' quantities nor accounts. */
function ofProvider(sums: DaySums): DaySums {
  return { ...sums, part_quantity: 0n, account_events: 0n, account_quantity: 0n };
}

function add(all: Map<string, DaySums>, key: string, more: DaySums): void {
  const before = all.get(key);
  if (before === undefined) {
    all.set(key, more);
    return;
  }
  all.set(key, {
    parts: before.parts + more.parts,
    part_quantity: before.part_quantity + more.part_quantity,
    account_events: before.account_events + more.account_events,
    account_quantity: before.account_quantity + more.account_quantity,
    events: before.events + more.events,
    quantity: before.quantity + more.quantity,
    amount: before.amount + more.amount,
    fee: before.fee + more.fee,
  });
}

function compare(
  what: string,
  expected: ReadonlyMap<string, DaySums>,
  rows: ReadonlyMap<string, DaySums>,
): void {
  for (const key of new Set([...expected.keys(), ...rows.keys()])) {
    const [logged, stored] = [expected.get(key), rows.get(key)];
    if (textOf(logged) !== textOf(stored)) {
      throw new DisagreementError(`daily sums ${what} differ from the log`, {
        key,
        logged,
        stored,
      });
    }
  }
}

/** A day whose events were all voided has sums of zero, or none. */
function textOf(sums: DaySums | undefined): string {
  if (sums === undefined) return "";
  const { parts, part_quantity, account_events, account_quantity } = sums;
  const { events, quantity, amount, fee } = sums;
  const values = [parts, part_quantity, account_events, account_quantity];
  values.push(events, quantity, amount, fee);
  return values.every((value) => value === 0n) ? "" : values.join("|");
}
