import type { Allowance } from "./allowance.ts";
import { type SpenderId, spenderWallet } from "@compute-credits/protocol/messages/spender";

/**
 * Which of two allowances of one spender is spent first: the lower priority, then the one that expires first (never
 * is last), then someone else's credits before the spender's own, then the older, then the smaller id.
 */
export function burnDownOrder(a: Allowance, b: Allowance): number {
  return (
    a.message.priority - b.message.priority ||
    compare(expiry(a), expiry(b)) ||
    Number(isOwn(a)) - Number(isOwn(b)) ||
    a.createdAt.getTime() - b.createdAt.getTime() ||
    compare(a.id, b.id)
  );
}

/** Each spender's allowances, those first that are spent first. */
export function inBurnDownOrder<A extends Allowance>(
  allowances: readonly A[],
): ReadonlyMap<SpenderId, readonly A[]> {
  const bySpender = Map.groupBy(allowances, ({ message }) => message.spender);
  // Most spenders have one, and a batch has thousands of spenders.
  for (const several of bySpender.values()) if (several.length > 1) several.sort(burnDownOrder);
  return bySpender;
}

const NEVER = 2n ** 64n;

function expiry({ message }: Allowance): bigint {
  return message.expiresAt === 0n ? NEVER : message.expiresAt;
}

function isOwn({ message }: Allowance): boolean {
  return spenderWallet(message.spender) === message.account;
}

function compare<T extends bigint | string>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
