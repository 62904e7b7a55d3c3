import { type Account, available, fundWaitingRefund } from "./account.ts";

/** A refund request as the contract records it in `RefundRequested`. Micro-credits. */
export interface RefundRequest {
  readonly requestedMicros: bigint;
  /** purchased minus refunded on chain at the request: what is bought later does not count */
  readonly unspentMicros: bigint;
  /** refunded on chain at the request: more than that counts towards it */
  readonly refundedMicros: bigint;
}

/** What the contract calls due once it has settled `spentMicros`. Mirrors `Refunds.sol`. */
export function refundDue(
  { requestedMicros, unspentMicros }: RefundRequest,
  spentMicros: bigint,
): bigint {
  const unspent = unspentMicros > spentMicros ? unspentMicros - spentMicros : 0n;
  return requestedMicros < unspent ? requestedMicros : unspent;
}

/** Whether a settled row closes the request on chain. */
export function isRefundServed(
  request: RefundRequest,
  settled: { readonly spent: bigint; readonly refunded: bigint },
): boolean {
  return settled.refunded - request.refundedMicros >= refundDue(request, settled.spent);
}

/**
 * Opens a refund request: what is available goes to it at once, and the rest waits for whatever
 * comes free. So `refunded + refunding` never falls behind what the contract will call due.
 */
export function openRefundRequest(account: Account, request: RefundRequest): Account {
  // An earlier request, served with less because of spending that was voided later, may have
  // set more aside than the contract has paid: that counts towards this one.
  const givenMicros = account.refunded + account.refunding - request.refundedMicros;
  const missingMicros = request.requestedMicros - givenMicros;
  const waiting = { ...account, refundWaiting: missingMicros > 0n ? missingMicros : 0n };
  return fundWaitingRefund(waiting, available(account));
}

/** Closes a request that the chain has served: what comes free is the account's to spend again. */
export function closeRefundRequest(account: Account): Account {
  return { ...account, refundWaiting: 0n };
}

/** The most that a waiting refund still gets from holds. What was spent returns only if voided. */
export function refundFromHolds({ refundWaiting, held }: Account): bigint {
  return refundWaiting < held ? refundWaiting : held;
}
