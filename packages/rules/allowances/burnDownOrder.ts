import type { Allowance } from "./allowance.ts";
import { type SpenderId, spenderWallet } from "@compute-credits/protocol/messages/spender";

/**
 * Compares two allowances of one spender for the order in which they are spent: lower priority,
 * earlier expiry (never is last), other people's credits before the spender's own, older, smaller
 * id. Source: DESIGN.md, section 5.
 */
export function burnDownOrder(a: Allowance, b: Allowance): number {
  return (
    a.message.priority - b.message.priority ||
    compare(expiry(a), expiry(b)) ||
    Number(spendsOwnCredits(a)) - Number(spendsOwnCredits(b)) ||
    a.createdAt.getTime() - b.createdAt.getTime() ||
    compare(a.id, b.id)
  );
}

/** Groups allowances by spender, each group in burn-down order. */
export function inBurnDownOrder<A extends Allowance>(
  allowances: readonly A[],
): ReadonlyMap<SpenderId, readonly A[]> {
  const bySpender = Map.groupBy(allowances, ({ message }) => message.spender);
  // A batch has thousands of spenders, and most have a single allowance: skip those.
  for (const several of bySpender.values()) if (several.length > 1) several.sort(burnDownOrder);
  return bySpender;
}

const NEVER = 2n ** 64n;

function expiry({ message }: Allowance): bigint {
  return message.expiresAt === 0n ? NEVER : message.expiresAt;
}

function spendsOwnCredits({ message }: Allowance): boolean {
  return spenderWallet(message.spender) === message.account;
}

function compare<T extends bigint | string>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
